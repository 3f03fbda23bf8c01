import { isAncError } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { assertIndependent, type RunBatch } from './batch-test.js';

const SHAPE = [2, 2, 1];
/** A classifier of three classes: logits of an image, given the sum of its bytes and the sum of the batch. */
const classifier =
  (logits: (image: number, batch: number) => readonly number[]): RunBatch =>
  (images) => {
    const sums = Array.from({ length: images.length / 4 }, (_, i) =>
      images.subarray(4 * i, 4 * i + 4).reduce((a, b) => a + b, 0),
    );
    const all = sums.reduce((a, b) => a + b, 0);
    return Promise.resolve(sums.flatMap((sum) => [...logits(sum / 1020, all / 1020)]));
  };
const verdict = (run: RunBatch, isDynamic = false): Promise<string> =>
  assertIndependent(run, SHAPE, 3, 'm.onnx', isDynamic).then(
    () => 'accepted',
    (error: unknown) => (isAncError(error) ? error.message : String(error)),
  );

describe('a classifier in two batches', () => {
  it('is accepted if its outputs depend on the image alone, up to rounding', async () => {
    expect(await verdict(classifier((image) => [image, 0, 5]))).toBe('accepted');
    expect(await verdict(classifier((image, batch) => [image + 1e-4 * batch, 0, 5]))).toBe('accepted');
    expect(await verdict(classifier(() => [0, 0, 0]))).toBe('accepted');
  });

  it('is refused if they depend on the others, also where they vary little', async () => {
    expect(await verdict(classifier((image, batch) => [image - batch / 3, 0, 5]))).toMatch(/other images/);
    expect(await verdict(classifier((image, batch) => [0.02 * (image - batch / 3), 0, 5]))).toMatch(
      /other images/,
    );
  });

  it('may vary more where 8-bit scales follow the batch', async () => {
    const rounded = classifier((image, batch) => [image + 0.05 * batch, 0, 1]);
    expect(await verdict(rounded)).toMatch(/other images/);
    expect(await verdict(rounded, true)).toBe('accepted');
    expect(
      await verdict(
        classifier((image, batch) => [image - batch / 3, 0, 1]),
        true,
      ),
    ).toMatch(/other images/);
  });

  it('is refused if a second run gives something else', async () => {
    let runs = 0;
    expect(await verdict(classifier((image) => [image + ++runs, 0, 5]))).toMatch(/random/);
  });

  it('is left to other checks where its outputs are not finite', async () => {
    expect(await verdict(classifier((_, batch) => [NaN, batch, 0]))).toBe('accepted');
  });
});
