/** CI stage: the backend contract on WebGPU in Node (Dawn), over software Vulkan. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { skip } from '../ci/python.mjs';
import { softwareVulkan, Unavailable } from './software-vulkan.mjs';

const DAWN = '0.6.2';

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
writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `webgpu@${DAWN}`];
if (spawnSync('npm', install, { cwd: folder }).status !== 0) skip('npm cannot install webgpu');

const suite = fileURLToPath(new URL('suite.mjs', import.meta.url));
const env = { ...process.env, ...environment };
const { status, stdout, stderr } = spawnSync(process.execPath, [suite], {
  cwd: folder,
  env,
  encoding: 'utf8',
});
console.log(stdout.trimEnd());
if (stderr.trim() !== '') console.log(`written to stderr by a library:\n${stderr}`);
process.exitCode = status === 0 && stderr.trim() === '' ? 0 : 1;
