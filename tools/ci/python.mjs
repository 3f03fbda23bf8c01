/** Python for interop stages: a virtual environment of its own in a temporary folder, filled from PyPI. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const SKIPPED = 77;

function attempt(program, args, options = {}) {
  return spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });
}

/** Ends this stage as skipped; the reason is the last line that it prints. */
export function skip(reason) {
  console.log(reason);
  process.exit(SKIPPED);
}

/**
 * Makes a virtual environment under `folder` holding `requirements`; skips the stage where that cannot be had.
 * `ANC_PYTHON` names a Python that is used instead where it has the packages, of whatever version.
 * @param {string} folder an existing folder, removed by the caller
 * @param {string[]} requirements pinned: `name==version`
 * @returns {(script: string, args: string[]) => string} runs Python source, gives what it printed, throws where it fails
 */
export const pythonWith = (folder, requirements) => scriptsOf(pythonPath(folder, requirements));

/**
 * The same, as the path of the interpreter.
 * @param {string} folder
 * @param {string[]} requirements
 */
export function pythonPath(folder, requirements) {
  const given = process.env.ANC_PYTHON;
  if (given !== undefined && hasAll(given, requirements)) return given;
  const environment = join(folder, 'venv');
  const made = attempt('python3', ['-m', 'venv', environment]);
  if (made.error || made.status !== 0) skip('no python3 with venv on this machine');
  const bin = join(environment, process.platform === 'win32' ? 'Scripts' : 'bin');
  const pip = ['-m', 'pip', 'install', '--quiet', '--only-binary=:all:', '--disable-pip-version-check'];
  const installed = attempt(join(bin, 'python'), [...pip, ...requirements], { timeout: 300_000 });
  if (installed.status !== 0) {
    const why = installed.stderr.trim().split('\n').at(-1) ?? 'no answer';
    skip(`pip cannot install ${requirements.join(', ')}: ${why}`);
  }
  return join(bin, 'python');
}

/** Whether a Python has packages of these names, of whatever version. */
function hasAll(python, requirements) {
  const names = requirements.map((requirement) => requirement.split('==')[0]);
  const script = 'import sys, importlib.metadata as m; [m.version(name) for name in sys.argv[1:]]';
  return attempt(python, ['-c', script, ...names]).status === 0;
}

const scriptsOf = (python) => (script, args) => {
  const run = attempt(python, ['-c', script, ...args], { maxBuffer: 2 ** 28 });
  if (run.status !== 0) throw new Error(`python failed\n${run.stdout}${run.stderr}`);
  return run.stdout;
};
