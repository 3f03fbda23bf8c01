/**
 * CI stage: the backend contract on WebGPU in Node over software Vulkan; of Dawn in float16 too, on a driver that has it.
 *
 *   node tools/webgpu/check.mjs webgpu|onnx:webgpu [--whole]     Dawn, or ONNX Runtime's execution provider
 *   node tools/webgpu/check.mjs webgpu --float16 [--whole]       float16 alone
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { skip } from '../ci/python.mjs';
import { softwareVulkan, softwareVulkanWithFloat16, Unavailable } from './software-vulkan.mjs';

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

/** Dawn prints this about a driver without limits of its own; other lines of libraries are faults. */
const HARMLESS = /^Warning: maxDynamic\w+PerPipelineLayout artificially reduced/;

/** Runs the suite with a driver, prints what it prints, and sets the exit code. */
function runSuite(variables, args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [suite, backend, ...args], {
    cwd: folder,
    env: { ...process.env, ...variables },
    encoding: 'utf8',
  });
  console.log(stdout.trimEnd());
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !HARMLESS.test(line));
  if (lines.length > 0) console.log(`written to stderr by a library:\n${lines.join('\n')}`);
  if (status !== 0 || lines.length > 0) process.exitCode = 1;
}

const given = process.argv.slice(3);
const only16 = given.includes('--float16');
if (!only16) runSuite(environment, given);
if (backend === 'webgpu') {
  try {
    const loader = environment.LD_LIBRARY_PATH;
    const llvmpipe = softwareVulkanWithFloat16(join(folder, 'mesa'), loader);
    runSuite(llvmpipe, [...given, '--float16']);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.log(`float16 NOT TESTED: ${error.message}`);
  }
}
