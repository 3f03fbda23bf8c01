/**
 * CI stage: the backend contract in headless Chromium, on a page of localhost: compiled steps in onnxruntime-web,
 * and WebGPU over Chromium's own software Vulkan; the page that docs/backends.md shows (`docs`); and reports of runs (`reports`).
 *
 *   node tools/browser/check.mjs [backend…] [--install] [--hardware] [--minutes n] [--verbose] [--json file]
 *     [--parts contract,speeds,host] [--seconds n] [--batch n]     what is measured (tools/backends)
 *     [--whole]      the whole contract on WebGPU, too; else without the tests of `SAME_IN_NODE`
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { skip } from '../ci/python.mjs';
import { findChromium, installChromium, serve, visit } from './chromium.mjs';
import { reportProblems } from './reports.mjs';
import { shownCode } from './shown.mjs';
import { exportedStudent } from './student.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hardware: { type: 'boolean', default: false },
    parts: { type: 'string', default: 'contract' },
    seconds: { type: 'string', default: '5' },
    batch: { type: 'string', default: '32' },
    minutes: { type: 'string', default: '8' },
    install: { type: 'boolean', default: false },
    whole: { type: 'boolean', default: false },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
/**
 * Tests that take minutes on a processor that imitates a GPU, of code that `tools/webgpu` tests in Node with the same
 * kernels: how steps are put together, not how Chromium's device computes.
 */
const SAME_IN_NODE = ['divided batches', 'second derivatives', 'gradient penalty, memory', '200 steps'];
const backends =
  positionals.length > 0 ? positionals : ['reports', 'docs', 'onnx', 'tfjs:wasm', 'webgpu', 'onnx:webgpu'];

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // Chromium ends with us

const chromium = findChromium() ?? (flags.install ? installChromium() : null);
if (chromium === null) skip('no Chromium on this machine (apt-get install chromium, or CHROMIUM=<path>)');

const folder = mkdtempSync(join(tmpdir(), 'anc-browser-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const built = join(folder, 'page');
const root = fileURLToPath(new URL('page', import.meta.url));
const pages = ['index.html', 'docs.html'].map((name) => join(root, name));
await build({
  root,
  logLevel: 'error',
  plugins: [shownCode('page.js')],
  build: {
    outDir: built,
    target: 'esnext',
    minify: false,
    reportCompressedSize: false,
    rollupOptions: { input: pages },
  },
  worker: { format: 'es' },
});

const { file, ...expected } = await exportedStudent();
writeFileSync(join(built, 'student.onnx'), file);
writeFileSync(join(built, 'student.json'), JSON.stringify(expected));

const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
const tell = (test) => console.error(`${process.uptime().toFixed(1)} s: ${test}`);
const server = await serve({ '/': built, '/wasm/': wasm }, flags.verbose ? tell : undefined);
const reports = [];
for (const name of backends) {
  if (name === 'reports') {
    const problems = await reportProblems(chromium, folder).catch((error) => [error.message]);
    for (const problem of problems) console.log(`FAILED reports: ${problem}`);
    if (problems.length === 0)
      console.log('reports and the page of all runs, 1280 and 390 pixels wide: passed');
    reports.push(problems.length === 0 ? { name } : { name, error: problems.join('\n') });
    continue;
  }
  const { parts, seconds, batch } = flags;
  const page = name === 'docs' ? 'docs.html' : '';
  const query = new URLSearchParams({ backend: name, parts, seconds, batch });
  if (name.includes('webgpu') && !flags.whole) for (const part of SAME_IN_NODE) query.append('without', part);
  const path = `/${page}?${query}`;
  const options = { minutes: Number(flags.minutes), software: !flags.hardware };
  const report = await visit(chromium, server, path, options).catch((error) => ({
    name,
    error: error.message,
  }));
  reports.push(report);
  if (name === 'docs' && report.error === undefined) console.log('the page of docs/backends.md: passed');
  if (report.error !== undefined) {
    console.log(`${name} in Chromium: FAILED: ${report.error}`);
    continue;
  }
  if (report.failures === undefined) continue;
  for (const failure of report.failures) console.log(`FAILED ${failure.name}: ${failure.why}`);
  console.log(
    `${name} in Chromium (${report.environment.device}): ${report.passed} passed, ${report.failures.length} failed` +
      `${report.leftOut > 0 ? `, ${report.leftOut} left out` : ''}; ` +
      `worst relative error ${report.worst.error.toExponential(1)} (${report.worst.what})`,
  );
}
server.close();
if (flags.json !== undefined) writeFileSync(flags.json, JSON.stringify(reports, null, 2));
process.exitCode = reports.some(({ error, failures = [] }) => error !== undefined || failures.length > 0)
  ? 1
  : 0;
