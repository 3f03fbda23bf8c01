import type { Dataset, DatasetSplit } from '@anc/core';
import { expect, it } from 'vitest';
import { Corners } from '../../test/tiny-plugins.js';
import { probeSplit } from './probe-split.js';

const dataset: Dataset = new Corners();

it('finds nothing wrong with images that are read from memory', async () => {
  await expect(probeSplit(dataset, await dataset.split('train'), 'train')).resolves.toBeUndefined();
});

let calls = 0;
it.each([
  ['have another shape than the dataset', { shape: [4, 4, 1] }],
  ['have no fingerprint', { fingerprint: '' }],
  ['have no count', { count: 1.5 }],
  ['cannot be read', { read: 3 }],
  ['again gives other bytes', { read: () => {} }],
  ['again gives other bytes', { read: (_indices: Int32Array, out: Uint8Array) => void out.fill(calls++) }],
])('the images %s', async (problem, change) => {
  const { images, labels } = await dataset.split('train');
  const { count, shape, fingerprint } = images;
  const read = images.read.bind(images);
  const split = { images: { count, shape, fingerprint, read, ...change }, labels } as unknown as DatasetSplit;
  await expect(probeSplit(dataset, split, 'train')).rejects.toMatchObject({
    code: 'ANC_PLUGIN',
    message: expect.stringContaining(problem) as string,
  });
});
