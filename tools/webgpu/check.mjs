/**
 * CI stage: the backend contract on WebGPU in Node over software Vulkan.
 *
 *   node tools/webgpu/check.mjs webgpu|onnx:webgpu [--whole]     Dawn, or ONNX Runtime's execution provider
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { skip } from '../ci/python.mjs';
import { softwareVulkan, Unavailable } from './software-vulkan.mjs';

const DAWN = '0.6.2';
const backend = process.argv[2] ?? 'webgpu';

if (process.platform !== 'linux') skip('software Vulkan is set up on Debian only');
const folder = mkdtempSync(join(tmpdir(), 'anc-webgpu-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let environment;
try {
  environment = softwareVulkan(join(folder, 'vulkan'));
} catch (error) {
  if (error instanceof Unavailable) skip(error.message);
  throw error;
}
if (backend === 'webgpu') {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `webgpu@${DAWN}`];
  if (spawnSync('npm', install, { cwd: folder }).status !== 0) skip('npm cannot install webgpu');
}

const suite = fileURLToPath(new URL('suite.mjs', import.meta.url));
const env = { ...process.env, ...environment };
const { status, stdout, stderr } = spawnSync(process.execPath, [suite, backend, ...process.argv.slice(3)], {
  cwd: folder,
  env,
  encoding: 'utf8',
});
console.log(stdout.trimEnd());
if (stderr.trim() !== '') console.log(`written to stderr by a library:\n${stderr}`);
process.exitCode = status === 0 && stderr.trim() === '' ? 0 : 1;
