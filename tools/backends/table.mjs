/**
 * Measures backends and writes the results into the tables of docs/backends.md. Cells that are not measured stay.
 *
 *   node tools/backends/table.mjs --machine "2 cores, AVX-512" [backend…] [--parts contract,speeds,host] [--seconds 5]
 *     [--tfjs-node <folder>]  folder into which tools/tfjs-node/install.mjs installed tfjs-node
 *     [--dawn <folder>]       folder in which `npm install webgpu` was run
 *     [--koffi <folder>]      folder in which `npm install koffi` was run, for onednn, whose library ANC_ONEDNN_LIBRARY names
 *     [--again]               keep the faster of the old and the new measurement, against noise of a busy machine
 *     [--software]            WebGPU on software Vulkan (tools/webgpu/software-vulkan.mjs)
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { softwareVulkan } from '../webgpu/software-vulkan.mjs';
import { PARTS } from './measure.mjs';
import { hostTable, mainTable } from './page.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    machine: { type: 'string', default: 'this machine' },
    parts: { type: 'string', default: PARTS.join() },
    seconds: { type: 'string', default: '5' },
    'tfjs-node': { type: 'string' },
    dawn: { type: 'string' },
    koffi: { type: 'string' },
    software: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
  },
});
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'anc-backends-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Backends measured in a browser, with it in their names. */
const IN_CHROMIUM = ['onnx', 'onnx:webgpu', 'tfjs:wasm', 'webgpu'].map((name) => `${name} in Chromium`);
const IN_NODE = ['onnx', 'onednn', 'onnx:webgpu', 'tfjs:node', 'tfjs:wasm', 'tfjs:cpu', 'webgpu'];
const everything = [...IN_NODE, ...IN_CHROMIUM];

/** Where what a backend needs was installed, by its name. */
const FOLDERS = { 'tfjs:node': flags['tfjs-node'], webgpu: flags.dawn, onednn: flags.koffi };

/** The speed of a software device is meaningless. */
const partsOf = (name) =>
  flags.parts
    .split(',')
    .filter((part) => part !== 'speeds' || !(flags.software && name.includes('webgpu')))
    .join();

function measured(name) {
  const [backend, place] = name.split(' in ');
  const batch = backend === 'tfjs:cpu' ? '1' : '32';
  const parts = partsOf(name);
  const json = join(folder, 'report.json');
  const inChromium = [backend, '--parts', parts, '--seconds', flags.seconds, '--batch', batch];
  const command =
    place === undefined
      ? [here('measure-one.mjs'), backend, parts, flags.seconds, batch]
      : [here('../browser/check.mjs'), ...inChromium, '--whole', '--minutes', '20', '--json', json];
  const cwd = FOLDERS[name] ?? process.cwd();
  const vulkan =
    place === undefined && flags.software && name.includes('webgpu')
      ? softwareVulkan(join(folder, 'vulkan'))
      : {};
  const { stdout, stderr } = spawnSync(process.execPath, command, {
    cwd,
    env: { ...process.env, ...vulkan },
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const line = stdout.trim().split('\n').at(-1);
  if (place !== undefined) return { ...JSON.parse(readFileSync(json, 'utf8'))[0], name };
  if (line.startsWith('{')) return { ...JSON.parse(line), name };
  return { name, error: `its process ended: ${stderr.trim().split('\n').at(-1)}` };
}

const page = here('../../docs/backends.md');
for (const name of positionals.length > 0 ? positionals : everything) {
  console.error(`${name} …`);
  const report = measured(name);
  if (report.error !== undefined) {
    console.error(`${name} was not measured: ${report.error}`);
    process.exitCode = 1;
    continue;
  }
  const { machine, again } = flags;
  const text = readFileSync(page, 'utf8');
  const written = [mainTable, hostTable].reduce(
    (before, table) => table(before, report, { machine, again, order: everything }),
    text,
  );
  writeFileSync(page, await format(written, { ...(await resolveConfig(page)), filepath: page }));
}
