/**
 * The stages whose counterpart is PyTorch, in one Python environment: pip loads some gigabytes for it.
 *
 *   node tools/interop/pytorch.mjs
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonPath } from '../ci/python.mjs';

const folder = mkdtempSync(join(tmpdir(), 'anc-pytorch-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const python = pythonPath(folder, [
  'numpy==2.2.6',
  'torch==2.9.1',
  'torchvision==0.24.1',
  'torchdistill==1.1.4',
  'timm==1.0.22',
  'onnx==1.19.1',
  'onnxruntime==1.23.2',
  'onnxscript==0.5.6',
  'onnx-ir==0.1.12',
  'safetensors==0.6.2',
]);

const SCRIPTS = [
  'augmentations.mjs',
  'optimizers.mjs',
  'distillation.mjs',
  'onnx-networks.mjs',
  'mobile-networks.mjs',
];
for (const script of SCRIPTS) {
  const path = new URL(script, import.meta.url).pathname;
  const { status } = spawnSync(process.execPath, [path], {
    env: { ...process.env, ANC_PYTHON: python },
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
