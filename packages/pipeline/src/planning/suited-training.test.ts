import { Dataset, type DatasetSplit } from '@anc/core';
import { MemoryImages } from '@anc/datasets';
import { describe, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import type { RunOptions } from '../options/run-options.js';
import { withSuitedTraining } from './suited-training.js';

/** Images of one pixel, without labels. */
class Images extends Dataset {
  override readonly name = 'image-folder';
  override readonly classes = [];
  override readonly shape = [1, 1, 1] as const;
  constructor(
    readonly count: number,
    override readonly task = 'classification',
  ) {
    super();
  }
  split(): Promise<DatasetSplit> {
    return Promise.resolve({
      images: new MemoryImages(new Uint8Array(this.count), this.shape),
      labels: null,
    });
  }
}

/** What a request for a run becomes, with the notices. */
async function suited(flat: Record<string, unknown>, dataset: Dataset = new Images(2000)) {
  const notices: string[] = [];
  const { options, given } = resolveFlat({ dataset: 'image-folder', teacher: 'model.onnx', ...flat });
  const result = await withSuitedTraining(options, given, dataset, (text) => notices.push(text));
  return { ...result, before: options, notices };
}
const changes = ({ data }: RunOptions): string => data.augment?.map(({ name }) => name).join() ?? 'none';

describe('the training of a given teacher', () => {
  it('follows the number of training images, and says so', async () => {
    const few = await suited({}, new Images(300));
    expect(changes(few)).toBe('affine,random-erasing,mixup');
    expect(few.training).toMatchObject({ epochs: 12, stepsPerEpoch: 100 });
    expect(few.data.views).toBe(8);
    expect(few.notices).toEqual([
      expect.stringMatching(/^for 300 training images: 12 epochs of 100 updates; 8 views/),
    ]);
    const many = await suited({}, new Images(20_000));
    expect(many.data).toEqual(many.before.data);
    expect(many.training.epochs).toBe(6);
    expect(many.training.stepsPerEpoch).toBeUndefined();
    expect(many.notices).toEqual([expect.stringMatching(/^for 20,000 training images: 6 epochs\. /)]);
  });

  it('counts what is left of them', async () => {
    const many = new Images(20_000);
    expect(changes(await suited({ limitTrain: 4900 }, many))).toBe('affine,random-erasing,mixup');
    expect(changes(await suited({ limitTrain: 6000, validation: 0.2 }, many))).toBe(
      'affine,random-erasing,mixup',
    );
    expect(changes(await suited({ limitTrain: 6000 }, many))).toBe('none');
  });

  it('counts the images of another dataset that students learn from', async () => {
    const transfer = { dataset: 'svhn', transferDataset: 'image-folder' };
    expect(changes(await suited(transfer, new Images(300)))).toBe('affine,random-erasing,mixup');
  });

  it('leaves what the caller says', async () => {
    for (const flat of [{ crop: 2 }, { flip: false }, { augment: ['none'] }, { mixup: 1 }]) {
      const { data, before, training } = await suited(flat);
      expect(data).toEqual(before.data);
      expect(training.stepsPerEpoch).toBe(100);
    }
    expect((await suited({ views: 3 })).data).toMatchObject({ augment: { length: 3 }, views: 3 });
    for (const flat of [{ epochs: 3 }, { time: '30m' }, { stepsPerEpoch: 7 }]) {
      const { data, before, training } = await suited(flat);
      expect(training).toEqual(before.training);
      expect(data.augment).toBeDefined();
    }
    expect((await suited({ epochs: 3, augment: ['flip'] })).notices).toEqual([]);
  });

  it('changes nothing of other presets, of records and of images of other tasks', async () => {
    for (const preset of ['quick', 'modern', 'paper']) {
      const { training, data, before } = await suited({ preset });
      expect({ training, data }).toEqual({ training: before.training, data: before.data });
    }
    const { options } = resolveFlat({ dataset: 'image-folder', teacher: 'model.onnx' });
    expect(await withSuitedTraining(options, [], new Images(300), () => undefined)).toBe(options);
    expect(changes(await suited({}, new Images(300, 'segmentation')))).toBe('none');
  });

  it('does not ask an address or a function for changed images', async () => {
    for (const teacher of ['http://localhost:8000/predict', 'value:teacher']) {
      const { data, training } = await suited({ teacher });
      expect(data.augment).toBeUndefined();
      expect(training.stepsPerEpoch).toBe(100);
    }
  });
});
