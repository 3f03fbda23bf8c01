import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportOnnx } from '@anc/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtinPlugins } from '../plugins/builtin-plugins.js';
import { compose } from '../composition/compose.js';
import { suitedDataset } from './suited-dataset.js';

const composition = compose(await builtinPlugins());
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-suited-'));
  file = join(folder, 'teacher.onnx');
  const model = exportOnnx(({ images }) => ({ logits: tf.mean(images!, [1, 2]) }), {
    id: 'mean',
    inputs: { images: { shape: [1, 20, 20, 1], dtype: 'float32' } },
  });
  await writeFile(file, model);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function suited(dataset: string, options: Record<string, unknown>, teacher: string) {
  const said: string[] = [];
  const { options: found } = await suitedDataset(
    { dataset: { name: dataset, options }, directory: null },
    { name: teacher, options: {} },
    composition,
    (text) => void said.push(text),
  );
  return { found, said };
}

describe('images of any size', () => {
  it('are brought to the size that a given model takes', async () => {
    const { found, said } = await suited('image-folder', { path: 'x' }, file);
    expect(found).toEqual({ path: 'x', size: 20, channels: 1 });
    expect(said).toEqual([
      "images are brought to size 20, channels 1: size and channels from the model's input.",
    ]);
  });

  it('keep what was asked for', async () => {
    const { found } = await suited('image-folder', { size: 32 }, file);
    expect(found).toEqual({ size: 32, channels: 1 });
  });

  it.each([
    ['glyphs', () => file],
    ['image-folder', () => 'nin'],
  ])('are left alone: %s', async (dataset, teacher) => {
    const { found, said } = await suited(dataset, {}, teacher());
    expect(found).toEqual({});
    expect(said).toEqual([]);
  });
});
