import { AncError, type Dataset, type DatasetSplit } from '@anc/core';
import datasets from '@anc/datasets';
import { describe, expect, it } from 'vitest';
import { compose } from '../composition/compose.js';
import { resolveFlat } from '../../test/flat-options.js';
import { openData } from './training-data.js';

const { registries } = compose([datasets()]);
const glyphs = (): Promise<Dataset> =>
  Promise.resolve(registries.datasets.create({ name: 'glyphs', options: {} }, { dataDir: null, seed: 1 }));
const { options } = resolveFlat({ limitTrain: 128, limitTest: 64 });
const augmentation = { augmentations: [], views: null, decodedCrops: false };
const open = (dataset: Dataset) => openData(dataset, options.data, { ...options.training, augmentation });

/** The data set with another `labels` in one split. */
const withLabels = (dataset: Dataset, name: string, labels: DatasetSplit['labels']): Dataset =>
  Object.assign(Object.create(dataset) as Dataset, {
    split: async (asked: 'train' | 'test') => {
      const split = await dataset.split(asked);
      return asked === name ? { ...split, images: split.images, labels } : split;
    },
  });

describe('openData', () => {
  it.each(['train', 'test'])('finds damaged labels before any work: %s', async (split) => {
    const damaged = () => Promise.reject(new AncError('ANC_DATA_DAMAGED', 'labels: cut short.'));
    const dataset = withLabels(await glyphs(), split, damaged);
    await expect(open(dataset)).rejects.toMatchObject({ code: 'ANC_DATA_DAMAGED' });
  });

  it("holds out the dataset's own validation images, where it has any", async () => {
    const dataset = await glyphs();
    const own = await dataset.split('test');
    const withOwn = (labels: DatasetSplit['labels']): Dataset =>
      Object.assign(Object.create(dataset) as Dataset, {
        split: (name: 'train' | 'test') => dataset.split(name),
        validation: () => Promise.resolve({ images: own.images, labels }),
      });
    const { held, train } = await open(withOwn(own.labels));
    expect([held?.images.count, train.images.count]).toEqual([64, 128]);
    expect((await open(withOwn(null))).held).toBeNull(); // they could not choose by error, as others do
    expect((await open(dataset)).held).toBeNull();
  });

  it('takes data without labels', async () => {
    const { test } = await open(withLabels(await glyphs(), 'test', null));
    expect(test.labels).toBeNull();
  });
});
