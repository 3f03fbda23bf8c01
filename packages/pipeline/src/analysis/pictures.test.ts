import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryImages } from '@anc/datasets';
import { RunFolder } from '@anc/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAnalysis } from './write-analysis.js';
import { writeData } from './write-data.js';

let root: string;
let folder: RunFolder;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-pictures-'));
  folder = await RunFolder.create(join(root, 'run'), 'seed: 1\n');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Two images with as many channels, as train and test images of a plan. */
function planOf(channels: number): Parameters<typeof writeData>[1] {
  const images = new MemoryImages(new Uint8Array(2 * 4 * channels), [2, 2, channels]);
  const split = { images, labels: null };
  const augmentation = { id: 'none', views: 1, mixesInBatch: false, read: () => Promise.resolve() };
  const data = {
    dataset: { shape: images.shape, classes: ['a', 'b'] },
    train: split,
    held: null,
    test: split,
    normalization: 'per-image',
    augmentation,
  };
  const options = { data: { dataset: { name: 'own', options: {} }, directory: '/data' } };
  return { data, options, classNames: ['a', 'b'] } as unknown as ReturnType<typeof planOf>;
}

const predicted = (...classes: number[]) => ({
  count: classes.length,
  predictions: Int32Array.from(classes),
  confidences: Float32Array.from(classes, () => 0.5),
  metrics: null,
});

describe.each([
  [1, true],
  [2, false],
  [3, true],
  [4, false],
  [13, false],
])('images of %d channels', (channels, hasPictures) => {
  it(hasPictures ? 'are shown' : 'are described without pictures', async () => {
    const plan = planOf(channels);
    await writeData(folder, plan);
    await writeAnalysis(folder, ['student', 'kd'], plan, predicted(0, 1), predicted(1, 1));
    for (const parts of [['data.json'], ['student', 'kd', 'analysis.json']]) {
      const document = JSON.parse(await readFile(join(folder.path, ...parts), 'utf8')) as { shown?: object };
      expect(document.shown !== undefined).toBe(hasPictures);
    }
    expect((await folder.readBytes('training-images.png')) !== null).toBe(hasPictures);
  });
});
