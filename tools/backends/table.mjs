/**
 * Measures every backend and writes the table of docs/backends.md.
 *
 *   node tools/backends/table.mjs --machine "2 cores, AVX-512" [backend…] [--seconds 5, 0: no speeds] [--out <folder>]
 *     [--tfjs-node <folder>]  where tools/tfjs-node/install.mjs installed tfjs-node
 *     [--dawn <folder>]       where `npm install webgpu` was run
 *     [--again]               speeds alone, once more: the faster reading counts, so that a busy machine matters less
 *     [--table]               the table alone, of what is in <out>
 *     [--software]            WebGPU on software Vulkan (tools/webgpu/software-vulkan.mjs), in batches of 1
 *
 * Results are kept in <out>, one file each: named backends are measured anew, the table is made of all of them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { softwareVulkan } from '../webgpu/software-vulkan.mjs';
import { NETWORKS } from './speed.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    machine: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    out: { type: 'string', default: 'backend-results' },
    'tfjs-node': { type: 'string' },
    dawn: { type: 'string' },
    software: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
  },
});
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = resolve(flags.out);
mkdirSync(out, { recursive: true });
const fileOf = (name) => join(out, `${name.replaceAll(/[^a-z-]+/g, '-')}.json`);

/** Measured in a browser, so named with it. */
const IN_BROWSER = ['onnx', 'tfjs:wasm', 'webgpu'];
const ALL = ['onnx', 'onnx:webgpu', 'tfjs:node', 'tfjs:wasm', 'tfjs:cpu', 'webgpu'];
const everything = [...ALL, ...IN_BROWSER.map((name) => `${name} browser`)];
const wanted = flags.table ? [] : positionals.length > 0 ? positionals : everything;

for (const name of wanted) {
  console.error(`${name} …`);
  const inBrowser = name.endsWith(' browser');
  const gpu = /webgpu/.test(name);
  const batch = (gpu && flags.software) || name === 'tfjs:cpu' ? '1' : '32';
  const cwd =
    (name === 'tfjs:node' && flags['tfjs-node']) || (name === 'webgpu' && flags.dawn) || process.cwd();
  const command = inBrowser
    ? [
        here('../browser/check.mjs'),
        name.slice(0, -8),
        ...['--speeds', flags.seconds, '--batch', batch, '--minutes', '9', '--json', fileOf(name)],
      ]
    : [here('measure-one.mjs'), name, flags.seconds, batch, ...(flags.again ? ['again'] : [])];
  const vulkan = gpu && flags.software && !inBrowser ? softwareVulkan(join(out, 'vulkan')) : {};
  const { stdout, stderr } = spawnSync(process.execPath, command, {
    cwd,
    env: { ...process.env, ...vulkan },
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const before = flags.again ? JSON.parse(readFileSync(fileOf(name), 'utf8')) : null;
  const line = stdout.trim().split('\n').at(-1);
  const report = inBrowser
    ? { ...JSON.parse(readFileSync(fileOf(name), 'utf8'))[0], name: `${name.slice(0, -8)} in Chromium` }
    : line.startsWith('{')
      ? JSON.parse(line)
      : { name, unusable: `its process ended: ${stderr.trim().split('\n').at(-1)}` };
  if (before !== null && report.speeds !== undefined) {
    for (const network of Object.keys(NETWORKS)) {
      before.speeds[network] = Math.max(before.speeds[network], report.speeds[network]);
    }
  }
  writeFileSync(fileOf(name), JSON.stringify(before ?? report, null, 2));
}

const rate = (value) =>
  value === undefined ? '–' : value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2);

const can = ({ training, deterministic, compiled }) =>
  [training && 'trains', compiled ? 'compiled' : 'op by op', deterministic && 'deterministic']
    .filter(Boolean)
    .join(', ');

function row({ name, unusable, error, capabilities, passed, failures, worst, speeds, batch }) {
  const why = unusable ?? error;
  if (why !== undefined) {
    return [
      `\`${name}\``,
      `not measured: ${why.split('\n')[0]}`,
      '',
      '',
      ...Object.keys(NETWORKS).map(() => ''),
    ];
  }
  const [backend, place] = name.split(' in ');
  return [
    `\`${backend}\`${place ? ` in ${place}` : ''}${batch === 1 && speeds[Object.keys(NETWORKS)[0]] !== undefined ? ' ¹' : ''}`,
    can(capabilities),
    failures.length === 0
      ? `all ${passed} passed`
      : `${failures.length} of ${passed + failures.length} failed`,
    worst.error.toExponential(1),
    ...Object.keys(NETWORKS).map((network) => rate(speeds?.[network])),
  ];
}

const order = everything.map(fileOf);
const reports = order.filter(existsSync).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const head = ['backend', 'capabilities', 'contract', 'worst relative error'];
const lines = [
  [...head, ...Object.keys(NETWORKS).map((network) => `${network}, images/s`)],
  [...head.map(() => '---'), ...Object.keys(NETWORKS).map(() => '---:')],
  ...reports.map(row),
].map((cells) => `| ${cells.join(' | ')} |`);
const versions = `Node ${process.version}`;
const caption = `Measured on ${flags.machine ?? 'this machine'}, ${versions}. Training steps in batches of 32 (¹ in batches of 1).`;
const page = here('../../docs/backends.md');
const text = readFileSync(page, 'utf8');
const table = `<!-- table: node tools/backends/table.mjs -->\n\n${lines.join('\n')}\n\n${caption}\n\n<!-- end of table -->`;
const written = text.replace(/<!-- table[^]*<!-- end of table -->/, () => table);
writeFileSync(page, await format(written, { ...(await resolveConfig(page)), filepath: page }));
console.log(lines.join('\n'));
console.log(`${readdirSync(out).length} results in ${out}`);
