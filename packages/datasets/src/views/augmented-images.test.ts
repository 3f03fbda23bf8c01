import { createHash } from 'node:crypto';
import type { Augmentation, ImageSource, ImageViews } from '@anc/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAugmentation, type AugmentationName } from '../augmentations/index.js';
import { MemoryImages } from '../images/memory-images.js';
import { subset } from '../images/subset.js';
import { AugmentedImages } from './augmented-images.js';

const SHAPE = [5, 4, 2] as const;
const SIZE = 40;
const COUNT = 24;
/** No zero: zeros are padding. */
const source = new MemoryImages(
  Uint8Array.from({ length: COUNT * SIZE }, (_, i) => (i < SIZE ? i + 1 : 1 + ((i * 7919) % 255))),
  SHAPE,
);

const list = (
  ...named: readonly (AugmentationName | readonly [AugmentationName, object])[]
): Augmentation[] =>
  named.map((one) =>
    typeof one === 'string'
      ? createAugmentation(one, {}, SHAPE)
      : createAugmentation(one[0], one[1] as Record<string, unknown>, SHAPE),
  );
const cropFlip = (pad: number, flip = true): Augmentation[] => [
  ...(pad > 0 ? list(['crop', { pad }]) : []),
  ...(flip ? list('flip') : []),
];

async function read(images: ImageViews, pairs: readonly (readonly [number, number])[]): Promise<Uint8Array> {
  const out = new Uint8Array(pairs.length * SIZE).fill(99);
  const [indices, views] = [0, 1].map((k) => Int32Array.from(pairs, (pair) => pair[k]!));
  await images.read(indices!, views!, out);
  return out;
}
const hashOf = async (images: AugmentedImages): Promise<string> => {
  const all = await read(
    images,
    Array.from({ length: images.views! }, (_, view) => [0, view] as const),
  );
  return createHash('sha256').update(all).digest('hex').slice(0, 16);
};

describe('crops and flips', () => {
  it.each([
    [2, true, null, 'pad-crop-flip(pad=2,flip=true,views=50)', 'a72003fb9cf5dfa8'],
    [2, true, 8, 'pad-crop-flip(pad=2,flip=true,views=8)', '90d162220a092a54'],
    [0, true, null, 'pad-crop-flip(pad=0,flip=true,views=2)', '2a1d3cebecadd0ed'],
    [3, false, null, 'pad-crop-flip(pad=3,flip=false,views=49)', '6af257d6f7bb1429'],
  ] as const)(
    'of pad %i and flip %s have the views of earlier versions',
    async (pad, flip, views, id, hash) => {
      const images = new AugmentedImages(source, { augmentations: cropFlip(pad, flip), views });
      expect(images.id).toBe(id);
      expect(await hashOf(images)).toBe(hash);
    },
  );

  it('are all different combinations, the plain image first', async () => {
    const images = new AugmentedImages(source, { augmentations: cropFlip(2) });
    const views = await Promise.all(Array.from({ length: 50 }, (_, view) => read(images, [[0, view]])));
    expect(new Set(views.map((view) => view.join())).size).toBe(50);
    expect([...views[0]!]).toEqual([...source.bytes.subarray(0, SIZE)]);
  });

  it('are the same crops in another order of the list, under another id', async () => {
    const [one, other] = [list(['crop', { pad: 1 }], 'flip'), list('flip', ['crop', { pad: 1 }])].map(
      (augmentations) => new AugmentedImages(source, { augmentations }),
    ) as [AugmentedImages, AugmentedImages];
    const all = async (images: AugmentedImages): Promise<string[]> =>
      (await Promise.all(Array.from({ length: 18 }, (_, view) => read(images, [[0, view]])))).map((view) =>
        view.join(),
      );
    expect(new Set(await all(one))).toEqual(new Set(await all(other)));
    expect(one.id).not.toBe(other.id);
  });

  it('refuse views that there are not', async () => {
    const images = new AugmentedImages(source, { augmentations: cropFlip(1) });
    await expect(read(images, [[0, 18]])).rejects.toThrow(/no such view/);
    expect(() => new AugmentedImages(source, { augmentations: list('flip'), views: 3 })).toThrow(
      /more views/,
    );
  });
});

/** Lists that draw: what varies, what mixes, and what comes after a mix. */
const LISTS = {
  drawn: list(['crop', { pad: 1 }], 'flip', 'color-jitter', 'random-erasing'),
  mixed: list('flip', 'mixup', ['rotate', { degrees: 90 }]),
  twice: list(['crop', { pad: 1 }], 'cutmix', 'mixup'),
};

describe.each(Object.entries(LISTS))('views of a list that is %s', (_, augmentations) => {
  const images = new AugmentedImages(source, { augmentations, views: 4 });

  it('are functions of image and view, whatever else is read with them', async () => {
    const pair = fc.tuple(fc.nat(COUNT - 1), fc.nat(3));
    await fc.assert(
      fc.asyncProperty(fc.array(pair, { minLength: 1, maxLength: 8 }), async (pairs) => {
        const together = await read(images, pairs);
        for (const [i, one] of pairs.entries())
          expect([...(await read(images, [one]))]).toEqual([...together.subarray(i * SIZE, (i + 1) * SIZE)]);
      }),
      { numRuns: 20 },
    );
  });

  it('differ between views and images, the plain image first', async () => {
    for (const image of [0, 5]) {
      const views = await Promise.all([0, 1, 2, 3].map((view) => read(images, [[image, view]])));
      expect(new Set(views.map((view) => view.join())).size).toBe(4);
      expect([...views[0]!]).toEqual([...source.bytes.subarray(image * SIZE, (image + 1) * SIZE)]);
    }
  });

  it('are the same for every seed where their number is limited, and others for others where it is not', async () => {
    const other = new AugmentedImages(source, { augmentations, views: 4, seed: 9 });
    expect([other.id, [...(await read(other, [[3, 2]]))]]).toEqual([
      images.id,
      [...(await read(images, [[3, 2]]))],
    ]);
    const [one, two] = [1, 2].map(
      (seed) => new AugmentedImages(source, { augmentations, seed, partners: 'any' }),
    ) as [AugmentedImages, AugmentedImages];
    expect([...(await read(one, [[3, 70]]))]).not.toEqual([...(await read(two, [[3, 70]]))]);
    expect(one.id).not.toBe(two.id);
  });
});

describe('mixing', () => {
  const batch = {
    indices: Int32Array.of(4, 9, 2, 7, 0, 1),
    views: new Int32Array(6).fill(3),
    seed: 5,
    epoch: 1,
    step: 2,
  };

  it.each(Object.entries(LISTS))(
    'within a batch is the same for any part of it: %s',
    async (_, augmentations) => {
      const images = new AugmentedImages(source, { augmentations });
      const whole = new Uint8Array(6 * SIZE);
      await images.read(batch.indices, batch.views, whole, batch);
      for (const [from, to] of [
        [0, 3],
        [3, 6],
        [2, 3],
      ] as const) {
        const part = new Uint8Array((to - from) * SIZE);
        await images.read(batch.indices.slice(from, to), batch.views.slice(from, to), part, batch);
        expect([...part]).toEqual([...whole.subarray(from * SIZE, to * SIZE)]);
      }
    },
  );

  it('within a batch takes the batch’s own images, and says that nothing can be cached', async () => {
    const images = new AugmentedImages(source, { augmentations: list(['mixup', { alpha: 1 }]) });
    expect([images.mixesInBatch, images.id]).toEqual([true, 'none']);
    await expect(read(images, [[0, 0]])).rejects.toThrow(/takes partners from the batch/);
    const out = new Uint8Array(6 * SIZE);
    const first = { ...batch, views: new Int32Array(6) };
    await images.read(first.indices, first.views, out, first);
    const own = batch.indices.map((image) => source.bytes[image * SIZE]!);
    const [low, high] = [Math.min(...own), Math.max(...own)];
    for (let i = 0; i < 6; i++) {
      expect(out[i * SIZE]).toBeGreaterThanOrEqual(low);
      expect(out[i * SIZE]).toBeLessThanOrEqual(high);
    }
    const other = new Uint8Array(6 * SIZE);
    await images.read(first.indices, first.views, other, { ...first, step: 3 });
    expect([...other]).not.toEqual([...out]);
  });

  it('is left out for training that reads labels, and the rest stays as it is', async () => {
    for (const views of [null, 4]) {
      const images = new AugmentedImages(source, { augmentations: LISTS.mixed, views });
      const plain = images.withoutMixing();
      const unmixed = new AugmentedImages(source, {
        augmentations: list('flip', 'flip', ['rotate', { degrees: 90 }]),
        views,
      });
      expect([images.mixing, plain.mixing, plain.mixesInBatch]).toEqual([['mixup'], [], false]);
      expect(plain.views).toBe(views);
      if (views !== null) expect(plain.id).not.toBe(images.id);
      // The places of flip and rotation in the list are the same, so what is drawn for them is.
      expect([...(await read(plain, [[3, 0]]))]).toEqual([...(await read(unmixed, [[3, 0]]))]);
    }
    const few = new AugmentedImages(source, { augmentations: list('flip', 'mixup'), views: 8 });
    expect(few.withoutMixing().views).toBe(8); // more than flips alone have
  });
});

describe('a source that decodes larger pictures', () => {
  const decoding: ImageSource = {
    count: COUNT,
    shape: SHAPE,
    fingerprint: 'decoding',
    read: (indices, out) => source.read(indices, out),
    crops: {
      id: 'own-crops',
      views: 16,
      read: (_, views, out) => views.forEach((view, i) => out.fill(view, i * SIZE, (i + 1) * SIZE)),
      of: ({ scale }, seed) => ({
        id: `crops(${scale.join('-')},${seed})`,
        views: null,
        read: (_, views, out) => views.forEach((view, i) => out.fill(100 + view, i * SIZE, (i + 1) * SIZE)),
      }),
    },
  };

  it('gives its own crops where they are requested', async () => {
    const images = new AugmentedImages(decoding, { decodedCrops: true });
    expect([images.id, images.views]).toEqual(['own-crops', 16]);
    expect((await read(images, [[0, 5]]))[0]).toBe(5);
    const few = new AugmentedImages(decoding, { decodedCrops: true, views: 4 });
    expect([few.id, few.views]).toEqual(['own-crops, first 4', 4]);
  });

  it('crops its pictures where resize-crop is the first of a list, also as a part of it', async () => {
    const augmentations = list(
      ['resize-crop', { scale: [0.5, 1] }],
      ['color-jitter', { brightness: [2, 2], contrast: [1, 1], saturation: [1, 1] }],
    );
    for (const from of [decoding, subset(decoding, Int32Array.of(3, 1))]) {
      const images = new AugmentedImages(from, { augmentations, seed: 6 });
      expect(images.id).toMatch(/^crops\(0\.5-1,6\),color-jitter\(.*\),seed=6$/);
      expect((await read(images, [[0, 5]]))[0]).toBe(210);
    }
    const later = new AugmentedImages(decoding, { augmentations: list('flip', 'resize-crop') });
    expect(later.id).toMatch(/^flip\(p=0\.5\),resize-crop\(/);
  });
});
