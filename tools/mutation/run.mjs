/**
 * Mutation testing with Stryker: every operator, condition, literal … of an area is changed, one at a time, and a test
 * beside the source must fail. Prints the score and the mutants that no test noticed; those that `equivalent.mjs` lists
 * change nothing that can be observed, each with the reason. Fails below 85 %.
 *
 *   npm ci --prefix tools/mutation
 *   node tools/mutation/run.mjs losses checkpoint step optimizers
 *
 * Results of a file are kept in tools/mutation/results and reused while neither it nor its tests change.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AREAS } from './areas.mjs';
import { summaryOf } from './summary.mjs';

const LOWEST_SCORE = 85;
const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');

const { values: options, positionals } = parseArgs({
  options: { concurrency: { type: 'string', default: '1' }, fresh: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const chosen = positionals.length > 0 ? positionals : Object.keys(AREAS);
const unknown = chosen.filter((area) => !(area in AREAS));
if (unknown.length > 0) {
  console.error(`no area ${unknown.join(', ')}; there are ${Object.keys(AREAS).join(', ')}`);
  process.exit(2);
}
if (!existsSync(join(here, 'node_modules/@stryker-mutator/core'))) {
  console.error('Stryker is not installed: npm ci --prefix tools/mutation');
  process.exit(2);
}
const { Stryker } = await import('@stryker-mutator/core');
process.chdir(root); // Stryker mutates the project in the current folder, in a copy

const settings = (area) => ({
  mutate: [...AREAS[area].mutate, '!packages/**/*.test.ts'],
  testRunner: 'vitest',
  plugins: [import.meta.resolve('@stryker-mutator/vitest-runner'), join(here, 'ignore-help-texts.mjs')],
  ignorers: ['help-texts'],
  vitest: { configFile: join(here, 'vitest.config.mjs'), related: false },
  coverageAnalysis: 'perTest',
  concurrency: Number(options.concurrency),
  incremental: true,
  incrementalFile: join(here, 'results', `${area}.json`),
  force: options.fresh,
  ignorePatterns: ['.git', '.nx', '.ci', 'dist', 'docs', 'examples', 'runs', 'tools'],
  tempDirName: join(tmpdir(), `anc-mutation-${area}-${process.pid}`), // not in the repository, whose checks would see it
  reporters: ['progress-append-only'],
  allowConsoleColors: false,
  timeoutMS: 20_000,
});

let failed = false;
for (const area of chosen) {
  process.env.ANC_MUTATION_AREA = area;
  const results = await new Stryker(settings(area)).runMutationTest();
  const { score, text } = summaryOf(area, results, root);
  console.log(text);
  if (score < LOWEST_SCORE) failed = true;
}
process.exitCode = failed ? 1 : 0;
