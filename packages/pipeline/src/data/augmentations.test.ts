import { createHash } from 'node:crypto';
import { definePlugin, PLUGIN_API_VERSION, type ImageAugmentation } from '@anc/core';
import datasets, { MemoryImages } from '@anc/datasets';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { resolveFlat } from '../../test/flat-options.js';
import { compose } from '../composition/compose.js';
import type { DataOptions } from '../options/run-options.js';
import { augmentedImages, createAugmentations, namedAugmentations } from './augmentations.js';
import { imageBatches } from './training-data.js';

/** What a careless author does. */
// eslint-disable-next-line no-restricted-properties -- what is refused
const unseeded = (): number => Math.random();

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
    [['nothing'], 'ANC_PLUGIN', undefined, /is incomplete/],
  ])('%j is an error that names the entry', async (augment, code, path, message) => {
    const error: unknown = await imagesOf({ augment }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    if (path !== undefined) expect(error).toMatchObject({ detail: { path } });
  });

  it('is not combined with what it replaces, but for the values of a record', () => {
    expect(() => options({ augment: ['flip'], crop: 4 })).toThrow(/cannot be combined/);
    expect(options({ augment: ['flip'], preset: 'modern' })).toMatchObject({ crop: 0, flip: false });
  });

  let calls = 0;
  it.each([
    ['throws', {}, 'augmentation "throws" of plugin "broken" fails: oh', undefined],
    ['random', { draw: () => unseeded() }, 'draw gives another result', /it uses Math\.random at .*test/],
    ['counts', { draw: () => ++calls }, 'draw gives another result', /2/],
    ['late', { apply: brighten(() => Date.now() % 251) }, 'apply gives another result', /it uses Date/],
    ['partial', { apply: (_image, _record, out) => void (out[0] = 1) }, 'apply gives another result', /./],
    [
      'greedy',
      {
        apply: (image, _record, out) => {
          out.set(image.fill(7));
        },
      },
      'writes to the image',
      /./,
    ],
  ] satisfies [string, Partial<ImageAugmentation>, string, RegExp | undefined][])(
    'refuses an augmentation that is %s before anything is trained',
    async (name, change, message, received) => {
      const plain = { id: name, draw: () => 0, apply: brighten(() => 1), ...change };
      const plugin = definePlugin({
        name: 'zoo',
        apiVersion: PLUGIN_API_VERSION,
        augmentations: { [name]: { options: z.strictObject({}), create: () => plain } },
      });
      const own = name === 'throws' ? composition : compose([datasets(), plugin]);
      const data = await namedAugmentations(options({ augment: [name] }), own);
      await expect(createAugmentations(data, SHAPE, own)).rejects.toMatchObject({
        code: 'ANC_PLUGIN',
        message: expect.stringContaining(message) as string,
        ...(received && { detail: { received: expect.stringMatching(received) as string } }),
      });
    },
  );
});

/** Adds to every byte. */
function brighten(by: () => number): ImageAugmentation['apply'] {
  return (image, _record, out) => {
    for (let i = 0; i < image.length; i++) out[i] = image[i]! + by();
  };
}
