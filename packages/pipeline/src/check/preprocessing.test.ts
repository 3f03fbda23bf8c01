import { Rng, type FixedNormalization } from '@anc/core';
import { describe, expect, it } from 'vitest';
import {
  commonNormalizations,
  ratePreprocessings,
  describePreprocessing,
  likelyPreprocessing,
  OWN,
  preprocessingCandidates,
  type OpenPreprocessing,
  type Preprocessing,
} from './preprocessing.js';

const SIDE = 8;
const CLASSES = 6;
const COUNT = 48;

/** Each class is a level of red; blue has a level of its own. */
const rng = Rng.fromSeed(4);
const levelOf = (k: number): number => 20 + 43 * k;
const labels = Int32Array.from({ length: COUNT }, (_, i) => i % CLASSES);
const images = new Uint8Array(COUNT * SIDE * SIDE * 3);
labels.forEach((label, i) => {
  const blue = rng.int(CLASSES);
  for (let p = 0; p < SIDE * SIDE; p++)
    images.set(
      [levelOf(label) + rng.int(20) - 10, 0, levelOf(blue) + rng.int(20) - 10],
      (i * SIDE * SIDE + p) * 3,
    );
});

/** Tells levels of one channel apart, for pixels as `trained`; others run into the lowest and highest. */
function toy(trained: FixedNormalization, channel = 0) {
  return ({ normalization }: Preprocessing): Promise<OpenPreprocessing> => {
    const { mean, std } = normalization as FixedNormalization;
    return Promise.resolve({
      dispose: () => Promise.resolve(),
      logits: (bytes, count) => {
        const out = new Float32Array(count * CLASSES);
        for (let i = 0; i < count; i++) {
          let sum = 0;
          for (let p = 0; p < SIDE * SIDE; p++) sum += bytes[(i * SIDE * SIDE + p) * 3 + channel]!;
          const seen = (sum / (SIDE * SIDE) - mean[channel]!) / std[channel]!;
          for (let k = 0; k < CLASSES; k++) {
            const wanted = (levelOf(k) - trained.mean[channel]!) / trained.std[channel]!;
            out[i * CLASSES + k] = (-Math.abs(seen - wanted) * trained.std[channel]!) / 20;
          }
        }
        return Promise.resolve(out);
      },
    });
  };
}

const normalizations = commonNormalizations(3);
const compare = (open: (reading: Preprocessing) => Promise<OpenPreprocessing>, known = false) =>
  ratePreprocessings(preprocessingCandidates(normalizations, ['own']), open, {
    images,
    shape: [SIDE, SIDE, 3],
    classes: CLASSES,
    labels: known ? labels : null,
  });

describe('compareReadings', () => {
  it.each(Object.keys(normalizations))(
    'finds the scale that a classifier was trained on, without a label: %s',
    async (name) => {
      const rated = await compare(toy(normalizations[name]!));
      expect(likelyPreprocessing(rated)!.best.name).toBe(name);
      expect(rated.length).toBe(10);
      expect(rated[0]!.accuracy).toBeNull();
    },
  );

  it('finds the order of the colors by labels where answers alone cannot tell', async () => {
    const rated = await compare(toy(normalizations['0 to 1']!, 2), true);
    expect(describePreprocessing(rated[0]!)).toBe('BGR, 0 to 1');
    expect(rated[0]!.accuracy).toBe(1);
  });

  it('leaves out what does not run, and frees what does', async () => {
    let freed = 0;
    const open = async (reading: Preprocessing): Promise<OpenPreprocessing> => {
      if (reading.layout === 'nhwc') throw new Error('another rank');
      return {
        ...(await toy(normalizations['0 to 1']!)(reading)),
        dispose: () =>
          Promise.resolve().then(() => {
            freed++;
          }),
      };
    };
    const rated = await ratePreprocessings(
      preprocessingCandidates({ [OWN]: normalizations['0 to 1']! }, ['nchw', 'nhwc']),
      open,
      {
        images,
        shape: [SIDE, SIDE, 3],
        classes: CLASSES,
        labels: null,
      },
    );
    expect(rated.map(describePreprocessing).sort()).toEqual([`BGR, ${OWN}, NCHW`, `RGB, ${OWN}, NCHW`]);
    expect(freed).toBe(1);
  });

  it('has nothing likely where nothing runs', async () => {
    expect(likelyPreprocessing(await compare(() => Promise.reject(new Error('no'))))).toBeNull();
  });
});

it('gives grey images one number each', () => {
  for (const { mean, std } of Object.values(commonNormalizations(1)))
    expect([mean.length, std.length]).toEqual([1, 1]);
});
