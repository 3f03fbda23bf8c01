import type { Dataset, SplitName } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { measureNormalization } from '../images/normalization.js';
import { Glyphs } from './glyphs.js';

async function load(dataset: Dataset, name: SplitName): Promise<{ bytes: Uint8Array; labels: Int32Array }> {
  const { images, labels } = await dataset.split(name);
  const bytes = new Uint8Array(images.count * 784);
  await images.read(
    Int32Array.from({ length: images.count }, (_, i) => i),
    bytes,
  );
  return { bytes, labels: await labels!() };
}

describe('Glyphs', () => {
  it('draws image i from (seed, split, i) alone', async () => {
    const few = await load(new Glyphs({ train: 20, test: 20 }), 'train');
    const more = await load(new Glyphs({ train: 40, test: 1 }), 'train');
    expect(more.bytes.subarray(0, few.bytes.length)).toEqual(few.bytes);
    expect(more.labels.subarray(0, 20)).toEqual(few.labels);
    const test = await load(new Glyphs({ train: 20, test: 20 }), 'test');
    expect(test.bytes).not.toEqual(few.bytes);
    const other = await load(new Glyphs({ train: 20, test: 20, seed: 1 }), 'train');
    expect(other.bytes).not.toEqual(few.bytes);
  });

  it('gives a shorter split of images that it drew before, and a longer one of the same beginning', async () => {
    const fingerprint = async (train: number): Promise<string> =>
      (await new Glyphs({ train, test: 1, seed: 77 }).split('train')).images.fingerprint;
    const few = await fingerprint(5);
    const more = await load(new Glyphs({ train: 9, test: 1, seed: 77 }), 'train');
    expect(more.labels).toHaveLength(9);
    expect(await fingerprint(5)).toBe(few);
    const { images } = await new Glyphs({ train: 5, test: 1, seed: 77 }).split('train');
    expect(images.count).toBe(5);
  });

  it('has another fingerprint for other images', async () => {
    const fingerprint = async (seed: number): Promise<string> =>
      (await new Glyphs({ train: 10, test: 10, seed }).split('train')).images.fingerprint;
    expect(await fingerprint(1)).toBe(await fingerprint(1));
    expect(await fingerprint(1)).not.toBe(await fingerprint(2));
  });

  it('has ten classes of about equal size and uses the whole gray range', async () => {
    const { images, labels } = await new Glyphs({ train: 2000, test: 1 }).split('train');
    const counts = new Array<number>(10).fill(0);
    for (const label of await labels!()) counts[label]!++;
    expect(Math.min(...counts)).toBeGreaterThan(150);
    const { mean, std } = await measureNormalization(images);
    expect(mean[0]).toBeGreaterThan(60);
    expect(mean[0]).toBeLessThan(190);
    expect(std[0]).toBeGreaterThan(30);
  });

  it('is too hard for a linear model, but not noise', async () => {
    const dataset = new Glyphs({ train: 2000, test: 500 });
    const error = linearError(await load(dataset, 'train'), await load(dataset, 'test'));
    expect(error).toBeGreaterThan(0.2);
    expect(error).toBeLessThan(0.6);
  });
});

/** Test error of multinomial logistic regression on normalized pixels, plain gradient descent by samples. */
function linearError(
  train: { bytes: Uint8Array; labels: Int32Array },
  test: { bytes: Uint8Array; labels: Int32Array },
): number {
  const weights = new Float64Array(10 * 785);
  const logits = (bytes: Uint8Array, i: number): number[] =>
    Array.from({ length: 10 }, (_, k) => {
      let sum = weights[k * 785 + 784]!;
      for (let j = 0; j < 784; j++) sum += weights[k * 785 + j]! * (bytes[i * 784 + j]! / 64 - 2);
      return sum;
    });
  for (let epoch = 0; epoch < 8; epoch++) {
    const rate = 0.002 / (1 + epoch);
    for (let i = 0; i < train.labels.length; i++) {
      const scores = logits(train.bytes, i);
      const top = Math.max(...scores);
      const exp = scores.map((s) => Math.exp(s - top));
      const total = exp.reduce((a, b) => a + b);
      for (let k = 0; k < 10; k++) {
        const g = rate * (exp[k]! / total - (train.labels[i] === k ? 1 : 0));
        for (let j = 0; j < 784; j++) weights[k * 785 + j]! -= g * (train.bytes[i * 784 + j]! / 64 - 2);
        weights[k * 785 + 784]! -= g;
      }
    }
  }
  let wrong = 0;
  for (let i = 0; i < test.labels.length; i++) {
    const scores = logits(test.bytes, i);
    if (scores.indexOf(Math.max(...scores)) !== test.labels[i]) wrong++;
  }
  return wrong / test.labels.length;
}
