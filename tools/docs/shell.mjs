/** Checks lines for a shell: those of anc-cli by the program's own parser and schemas, others by what they name. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { fromSource } from '../build/from-source.mjs';
import { root } from './entry-points.mjs';

/** The command line's own version of it. */
const { Command } = createRequire(`${root}packages/cli/package.json`)('commander');
const { readFlags } = await fromSource('cli/src/config/flags.ts');
const { readRequest } = await fromSource('cli/src/config/read-request.ts');
const { resolveRequest } = await fromSource('cli/src/config/resolve-request.ts');

/** Commands that take the options of a run. */
const OF_RUNS = ['run', 'compare', 'tune', 'reproduce'];

/** Lines that are not for anc-cli, with the reason why they are not run here. */
const OTHERS = [
  [/^(npm|yarn|pnpm|npx (?!anc-cli|vitest))/, 'needs a registry; tools/e2e installs as users do'],
  [/^npx vitest run/, 'vitest runs in npm test'],
  [/^(cd|mkdir|ls|rm|cp|git|export|sha256sum) /, 'the shell itself'],
  [/^(python3?|pip) /, 'needs Python packages; tools/interop and tools/check-accuracy run them'],
];

/** Logical lines: continuations joined, comments and variables in front of a command dropped. */
const linesOf = (code) =>
  code
    .replaceAll(/\\\n\s*/g, ' ')
    .split(/\n| && /)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .map((line) => line.replace(/^([A-Z_]+=\S+ )+/, ''))
    .filter((line) => line !== '');

/** Words of a line, quotes removed. */
const wordsOf = (line) => [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c);

/** @returns {Promise<string[]>} what is wrong with the lines */
export async function shellProblems(code) {
  const problems = [];
  for (const line of linesOf(code)) {
    const problem = await problemOf(line).catch((error) => error.describe?.() ?? error.message);
    if (problem !== null) problems.push(`${line}: ${problem}`);
  }
  return problems;
}

async function problemOf(line) {
  const words = wordsOf(line);
  if (words[0] === 'npx' && words[1] === 'anc-cli') return await cliProblem(words.slice(2));
  if (words[0] === 'node')
    return existsSync(root + words[1]) || words[1].startsWith('node_modules/')
      ? null
      : `there is no ${words[1]}`;
  return OTHERS.some(([pattern]) => pattern.test(line))
    ? null
    : 'nothing here checks such a line: mark the block, with a reason';
}

async function cliProblem(words) {
  const [name] = words;
  if (name === undefined || name.startsWith('-')) return null;
  const source = `cli/src/commands/${name}.ts`;
  if (!existsSync(`${root}packages/${source}`)) return `there is no command "${name}"`;
  const module = await fromSource(source);
  const define = Object.entries(module).find(([key]) => key.startsWith('define'))[1];
  const command = new Command(name).exitOverride().configureOutput({ writeErr() {}, writeOut() {} });
  define(command, { cwd: root });
  let parsed = null;
  const withoutAction = (one) => {
    one
      .action(() => (parsed = one.opts()))
      .exitOverride()
      .configureOutput({ writeErr() {}, writeOut() {} });
    one.commands.forEach(withoutAction);
  };
  withoutAction(command);
  // A placeholder such as <folder> is a word like others.
  await command.parseAsync(words.slice(1), { from: 'user' });
  if (!OF_RUNS.includes(name) || parsed?.resume !== undefined) return null;
  // Away from any configuration file. Plugins and folders need not be there.
  resolveRequest(await readRequest(readFlags(parsed), tmpdir()));
  return null;
}

/** @returns {Promise<string[]>} what is wrong with a configuration file */
export async function configProblems(file) {
  try {
    resolveRequest(await readRequest({ config: file }, tmpdir()));
    return [];
  } catch (error) {
    return [error.describe?.() ?? error.message];
  }
}
