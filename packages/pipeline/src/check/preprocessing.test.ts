import { Rng, type FixedNormalization } from '@anc/core';
import { describe, expect, it } from 'vitest';
import {
  commonNormalizations,
  describePreprocessing,
  OWN,
  preprocessingCandidates,
  type Preprocessing,
} from './candidates.js';
import { isGrey, ratePreprocessings, recommend, type OpenPreprocessing } from './preprocessing.js';

const SIDE = 8;
const CLASSES = 6;
const COUNT = 96;

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

const all = commonNormalizations(3);
/** Those that differ by more than a shift that leaves the levels apart. */
const normalizations = Object.fromEntries(
  ['0 to 1', '0 to 255', '-1 to 1', 'ImageNet mean/std', 'ImageNet mean off'].map((name) => [
    name,
    all[name]!,
  ]),
);
const ORDERS = ['rgb', 'bgr'] as const;
const compare = (open: (candidate: Preprocessing) => Promise<OpenPreprocessing>, known = false) =>
  ratePreprocessings(preprocessingCandidates(normalizations, ['own'], ORDERS), open, {
    images,
    shape: [SIDE, SIDE, 3],
    classes: CLASSES,
    labels: known ? labels : null,
  });

describe('ratePreprocessings', () => {
  it.each(Object.keys(normalizations))(
    'finds the scale that a classifier was trained on, without a label: %s',
    async (name) => {
      const rated = await compare(toy(normalizations[name]!));
      expect(rated[0]!.name).toBe(name);
      expect(rated.length).toBe(10);
      expect([rated[0]!.accuracy, rated[0]!.behind]).toEqual([null, 0]);
    },
  );

  it('finds the order of the colors by labels where answers alone cannot tell', async () => {
    const trained = normalizations['0 to 1']!;
    const without = recommend(await compare(toy(trained)))!;
    expect(without.verdict).toBe('undecided');
    expect(without.among.map(describePreprocessing).sort()).toEqual(['BGR, 0 to 1', 'RGB, 0 to 1']);
    const rated = await compare(toy(trained, 2), true);
    expect(recommend(rated)).toMatchObject({ verdict: 'likely', among: [{ order: 'bgr', name: '0 to 1' }] });
    expect(rated[0]!.accuracy).toBe(1);
  });

  it('gives the same answer each time', async () => {
    const open = toy(normalizations['-1 to 1']!);
    expect(await compare(open)).toEqual(await compare(open));
  });

  it('leaves out what does not run, and frees what does', async () => {
    let freed = 0;
    const open = async (candidate: Preprocessing): Promise<OpenPreprocessing> => {
      if (candidate.layout === 'nhwc') throw new Error('another rank');
      return {
        ...(await toy(normalizations['0 to 1']!)(candidate)),
        dispose: () =>
          Promise.resolve().then(() => {
            freed++;
          }),
      };
    };
    const rated = await ratePreprocessings(
      preprocessingCandidates({ [OWN]: normalizations['0 to 1']! }, ['nchw', 'nhwc'], ORDERS),
      open,
      {
        images,
        shape: [SIDE, SIDE, 3],
        classes: CLASSES,
        labels: null,
      },
    );
    expect(rated.map(describePreprocessing).sort()).toEqual([`BGR, ${OWN}, NCHW`, `RGB, ${OWN}, NCHW`]);
    expect(freed).toBe(2);
  });

  it('has nothing likely where nothing runs', async () => {
    expect(recommend(await compare(() => Promise.reject(new Error('no'))))).toBeNull();
  });
});

it('knows images whose order of colors cannot be seen', () => {
  expect(isGrey(Uint8Array.of(1, 5, 1, 9, 2, 9))).toBe(true);
  expect(isGrey(Uint8Array.of(1, 5, 1, 9, 2, 8))).toBe(false);
});
