import { createHash } from 'node:crypto';
import { definePlugin, PLUGIN_API_VERSION } from '@anc/core';
import datasets, { MemoryImages } from '@anc/datasets';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { resolveFlat } from '../../test/flat-options.js';
import { compose } from '../composition/compose.js';
import type { DataOptions } from '../options/run-options.js';
import { augmentedImages, createAugmentations, namedAugmentations } from './augmentations.js';
import { imageBatches } from './training-data.js';

const SHAPE = [5, 4, 2] as const;
const source = new MemoryImages(
  Uint8Array.from({ length: 40 * 24 }, (_, i) => (i * 2654435761) >>> 24),
  SHAPE,
);
const broken = definePlugin({
  name: 'broken',
  apiVersion: PLUGIN_API_VERSION,
  augmentations: {
    nothing: { options: z.strictObject({}), create: () => ({ id: 'nothing' }) as never },
    throws: {
      options: z.strictObject({}),
      create: () => ({
        id: 'throws',
        draw: () => 0,
        apply: () => {
          throw new TypeError('oh');
        },
      }),
    },
  },
});
const composition = compose([datasets(), broken]);
const options = (flat: object): DataOptions => resolveFlat({ crop: 0, flip: false, ...flat }).options.data;

async function imagesOf(flat: object) {
  const data = await namedAugmentations(options(flat), composition);
  return augmentedImages(source, await createAugmentations(data, SHAPE, composition), 7);
}

/** Hash of all batches of epoch 2 but the first. */
async function hashOf(flat: object): Promise<string> {
  const augmentation = await imagesOf(flat);
  const hash = createHash('sha256');
  for await (const { images } of imageBatches(source, { batchSize: 6, seed: 7, augmentation }).epoch(2, 1))
    hash.update(images);
  return hash.digest('hex').slice(0, 16);
}

describe('crop, flip and mixup', () => {
  it.each([
    [{ crop: 2, flip: true }, 'fe0c98f8793a3049'],
    [{ crop: 2, flip: true, mixup: 0.4 }, 'e9dc6d671abe6367'],
    [{ crop: 1, flip: true, mixup: 2, views: 3 }, '62ffa56f9118a6a9'],
  ])('give the bytes of earlier versions: %j', async (flat, hash) => {
    expect(await hashOf(flat)).toBe(hash);
  });

  it('are other names for entries of a list', async () => {
    expect(await hashOf({ augment: ['crop(2)', 'flip'] })).toBe('fe0c98f8793a3049');
    expect(await hashOf({ augment: ['crop(pad=2)', 'flip(0.5)', 'mixup(0.4)'] })).toBe('e9dc6d671abe6367');
  });

  it('are fixed for every view by a list with a number of views', async () => {
    const fixed = await imagesOf({ augment: ['crop(1)', 'flip', 'mixup(2)'], views: 3 });
    expect([fixed.views, fixed.mixesInBatch]).toEqual([3, false]);
    expect((await imagesOf({ crop: 1, flip: true, mixup: 2, views: 3 })).mixesInBatch).toBe(true);
  });
});

describe('a list of augmentations', () => {
  it('is completed by the names of options', async () => {
    const { augment } = await namedAugmentations(
      options({ augment: ['crop(2)', 'color-jitter(0.3, hue=0.1)', { name: 'rotate', degrees: [-5, 10] }] }),
      composition,
    );
    expect(augment).toEqual([
      { name: 'crop', options: { pad: 2 } },
      { name: 'color-jitter', options: { strength: 0.3, hue: 0.1 } },
      { name: 'rotate', options: { degrees: [-5, 10] } },
    ]);
    expect((await imagesOf({ augment: ['none'] })).id).toBe('none');
  });

  it.each([
    [['fliip'], 'ANC_UNKNOWN', ['data', 'augment', 0], /no augmentation named "fliip"/],
    [['flip', 'crop(-1)'], 'ANC_OPTIONS', ['data', 'augment', 1, 'pad'], /"pad" of augmentation "crop"/],
    [['rotate(.nan)'], 'ANC_OPTIONS', ['data', 'augment', 0, 'degrees'], /"degrees"/],
    [['crop(5)'], 'ANC_OPTIONS', ['data', 'augment', 0, 'pad'], /larger than the images/],
    [['crop(1, pad=2)'], 'ANC_OPTIONS', ['data', 'augment', 0], /has no name/],
    [['flip', 'blur(size=3)'], 'ANC_OPTIONS', ['data', 'augment', 1, 'size'], /no option "size"/],
    [['nothing'], 'ANC_PLUGIN', undefined, /returned no augmentation/],
  ])('%j is an error that names the entry', async (augment, code, path, message) => {
    const error: unknown = await imagesOf({ augment }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    if (path !== undefined) expect(error).toMatchObject({ detail: { path } });
  });

  it('is not combined with what it replaces, but for the values of a record', () => {
    expect(() => options({ augment: ['flip'], crop: 4 })).toThrow(/cannot be combined/);
    expect(options({ augment: ['flip'], preset: 'modern' })).toMatchObject({ crop: 0, flip: false });
  });

  it('blames the plugin whose augmentation throws', async () => {
    const images = await imagesOf({ augment: ['throws'] });
    await expect(images.read(Int32Array.of(1), Int32Array.of(1), new Uint8Array(40))).rejects.toMatchObject({
      code: 'ANC_PLUGIN',
      message: expect.stringContaining('augmentation "throws"') as string,
    });
  });
});
