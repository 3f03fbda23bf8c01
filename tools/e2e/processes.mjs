import { spawnSync } from 'node:child_process';

/** The environment of a user's shell, not of the `npm run` that may have started this script. */
export const USER_ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(
    ([key]) => !/^(npm_(config|package|lifecycle)_|node_env$|node_options$|yarn_|pnpm_)/i.test(key),
  ),
);

/**
 * Runs a program to its end.
 *
 * @param {{ cwd: string, env?: object, exitCode?: number }} options
 * @returns {{ stdout: string, stderr: string }}
 * @throws with all that it printed, where it ends with another exit code
 */
export function run(program, args, { cwd, env = {}, exitCode = 0 }) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env: { ...USER_ENVIRONMENT, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error !== undefined) throw error;
  if (status !== exitCode)
    throw new Error(
      `${program} ${args.join(' ')} in ${cwd}: exit code ${status}, expected ${exitCode}\n${stdout}${stderr}`,
    );
  return { stdout, stderr };
}

/** What npm says where it cannot reach a registry, or the registry does not have a package. */
const OUT_OF_REACH = /\b(E404|ETARGET|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT)\b/;

/**
 * Installs what this script needs itself, and ends this process as skipped where no registry gives it.
 *
 * @param {string} what that is
 * @param {string[]} args of npm
 */
export function installOrSkip(what, args, cwd) {
  try {
    run('npm', args, { cwd });
  } catch (error) {
    const [reason] = OUT_OF_REACH.exec(error.message) ?? [];
    if (reason === undefined) throw error;
    console.log(`${what} cannot be had from the registry: ${reason}`);
    process.exit(77);
  }
}

/** @throws the message, where something does not hold */
export function expect(holds, message) {
  if (!holds) throw new Error(message);
}
