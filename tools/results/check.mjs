/**
 * Whether docs/results.md still holds: it is what tools/results makes of the measurements, and one small row of it, trained
 * again, is the same within a tolerance.
 *
 *   node tools/results/check.mjs
 *
 * The row is the chosen trial of `kd` in the tuning on glyphs: a teacher and one student. On one machine and commit it is
 * the same to the last digit; another processor may round otherwise, which training magnifies. Exit code 77 where the
 * backend of the page is not installed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MEASURED = 'tuning-glyphs';
const METHOD = 'kd';
/** In points, on the processor of the page: ten of 2,000 held-out images. */
const TOLERANCE = 0.5;
/** The same on another one. */
const ELSEWHERE = 2;

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const fail = (message) => {
  console.error(message);
  process.exit(1);
};
const points = (share) => (100 * share).toFixed(2);

const page = spawnSync(process.execPath, [at('page.mjs'), '--check'], { stdio: 'inherit' });
if (page.status !== 0) process.exit(page.status ?? 1);

const { parts } = JSON.parse(readFileSync(at(`measured/${MEASURED}.json`), 'utf8'));
const [{ command, environment, result }] = parts;
const tolerance = cpus()[0]?.model === environment.cpu.model ? TOLERANCE : ELSEWHERE;
try {
  createRequire(at('../../packages/backend-onnx/package.json')).resolve('onnxruntime-node');
} catch {
  console.log('onnxruntime-node is not installed: the figures are of the backend onnx.');
  process.exit(77);
}
const { best } = result.methods.find(({ method }) => method === METHOD);
const trial = result.methods
  .find(({ method }) => method === METHOD)
  .tries.find(({ setting }) => JSON.stringify(setting) === JSON.stringify(best.setting));

/** The command of the page for this trial alone. */
const instead = {
  '--methods': METHOD,
  '--learning-rates': String(trial.setting.learningRate),
  '--temperatures': String(trial.setting.temperature),
  '--confirm': '0',
};
const words = command.split(' ').slice(2);
const args = words.map((word, i) => instead[words[i - 1]] ?? word);
const folder = mkdtempSync(join(tmpdir(), 'anc-results-'));
try {
  const run = spawnSync(
    process.execPath,
    [
      at('../../packages/cli/bin/anc-cli.js'),
      ...args,
      ...['--budget', '1', '--threads', '1', '--out', folder, '--json', '--quiet'],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 26 },
  );
  if (run.status !== 0) fail(`${run.stdout}\n${run.stderr}`);
  const again = JSON.parse(run.stdout);
  const rows = [
    ["the teacher's error", result.teacherError, again.teacherError],
    [`agreement of ${METHOD}`, trial.agreement, again.methods[0].tries[0].agreement],
  ];
  for (const [what, before, now] of rows) {
    console.log(`${what}: ${points(before)} % on the page, ${points(now)} % now`);
    if (Math.abs(before - now) * 100 > tolerance)
      fail(
        `docs/results.md is stale: ${what} differs by more than ${tolerance} points. Measure again at a clean commit, ` +
          `node tools/results/measure.mjs ${MEASURED}, then node tools/results/page.mjs.`,
      );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
