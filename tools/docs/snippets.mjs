/**
 * Fails where a code block of the documents is neither executed, nor checked, nor marked with a reason.
 *
 * - js, json: executed by a test that reads the page, else type-checked.
 * - ts: type-checked together; plugins are loaded by the program, which then lists what they contribute.
 * - sh: lines of anc-cli are parsed by the program's own parser, options by its schemas.
 * - yaml: read as a configuration file.
 * - `<!-- not run: reason -->` above a block marks it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeBlocks, isCode } from './blocks.mjs';
import { clear, compile, folderFor, loadPlugins } from './programs.mjs';
import { configProblems, shellProblems } from './shell.mjs';

clear();
const counts = { executed: 0, checked: 0, marked: 0 };
const problems = [];
const programs = [];
const plugins = [];

/** A program is written to a file: under the name in its first line, or one of its own. */
function write({ page, line, code, language }) {
  const [, name = `block-${line}.ts`] = /^\/\/ (\S+)\n/.exec(code) ?? [];
  const file = join(folderFor(page), name.replace(/\.(mjs|js)$/, '.ts'));
  writeFileSync(file, code);
  programs.push(file);
  if (language === 'ts' && code.includes('export default definePlugin(')) plugins.push(file);
  return [];
}

async function check(block) {
  const { language, code, page } = block;
  if (language === 'sh') return await shellProblems(code);
  if (language === 'ts' || language === 'js') return write(block);
  if (language === 'json') return JSON.parse(code) && [];
  if (language !== 'yaml') return ['a block without a language: write text for output'];
  const file = join(folderFor(page), 'anc.config.yaml');
  writeFileSync(file, code);
  return await configProblems(file);
}

for (const block of codeBlocks().filter(isCode)) {
  if (block.reason !== null) counts.marked += 1;
  else if (block.executedBy !== null) counts.executed += 1;
  else {
    counts.checked += 1;
    const found = await check(block).catch((error) => [error.message]);
    problems.push(...found.map((problem) => `${block.page}:${block.line}: ${problem}`));
  }
}
problems.push(...compile(programs));
if (problems.length === 0) problems.push(...loadPlugins(plugins));
for (const problem of problems) console.log(problem);
const { executed, checked, marked } = counts;
console.log(
  `snippets: ${executed} executed by tests, ${checked} checked here (${programs.length} programs, ${plugins.length} plugins loaded), ` +
    `${marked} marked with a reason, ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
