import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keptNetwork } from './kept-network.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-kept-network-'));
  for (const folder of ['run/student/kd/best', 'elsewhere/kd/best']) {
    await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, folder, '..', 'network.onnx'), '');
  }
  await writeFile(join(root, 'run', 'config.resolved.yaml'), '');
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('is that of a run', async () => {
  const kept = join(root, 'run/student/kd/network.onnx');
  expect(await keptNetwork(join(root, 'run/student/kd/weights.safetensors'))).toBe(kept);
  expect(await keptNetwork(join(root, 'run/student/kd/best/weights.safetensors'))).toBe(kept);
  expect(await keptNetwork(join(root, 'run/student/l2/weights.safetensors'))).toBeNull();
});

it('is no file of that name outside of runs', async () => {
  expect(await keptNetwork(join(root, 'elsewhere/kd/weights.safetensors'))).toBeNull();
  expect(await keptNetwork(join(root, 'elsewhere/kd/best/weights.safetensors'))).toBeNull();
});
