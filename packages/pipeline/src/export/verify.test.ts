import type { Teacher } from '@anc/core';
import { MemoryImages } from '@anc/datasets';
import { describe, expect, it } from 'vitest';
import { toleranceOf, verifySame } from './verify.js';

/** A network that gives the same two logits for every image. */
const giving = (...logits: number[]): Pick<Teacher, 'infer'> => ({
  infer: ({ shape }) =>
    Promise.resolve({
      logits: {
        shape: [shape[0]!, logits.length],
        data: Float32Array.from({ length: shape[0]! * logits.length }, (_, i) => logits[i % logits.length]!),
      },
    }),
});
const verify = (written: number[], original: number[], tolerance?: number) =>
  verifySame(giving(...written), giving(...original), [2, 2, 1], tolerance);

describe('verifySame', () => {
  it('tells how far logits are apart that are the same but for rounding', async () => {
    expect(await verify([1.00001, -4], [1, -4])).toMatchObject({ images: 4, ofData: 0, scale: 4 });
    expect((await verify([1, 2], [1, 4], Infinity)).maxDifference).toBe(2);
    expect((await verify([0, 0], [0, 0], Infinity)).maxDifference).toBe(0);
  });

  it('has a bound for half precision, too, where no images test it', async () => {
    expect([toleranceOf('float32', false), toleranceOf('float32', true)]).toEqual([1e-4, 1e-4]);
    expect([toleranceOf('float16', true), toleranceOf('int8', true)]).toEqual([Infinity, Infinity]);
    const half = toleranceOf('float16', false);
    expect((await verify([1, 2.1], [1, 2], half)).maxDifference).toBeCloseTo(0.1);
    await expect(verify([1, 3], [1, 2], half)).rejects.toThrow('gives other logits');
  });

  it('compares up to 200 images of the data, too', async () => {
    const on = (count: number) => {
      const split = { images: new MemoryImages(new Uint8Array(4 * count), [2, 2, 1]) };
      return verifySame(giving(1, 2), giving(1, 2), [2, 2, 1], undefined, split);
    };
    expect(await on(7)).toMatchObject({ images: 11, ofData: 7 });
    expect(await on(250)).toMatchObject({ images: 204, ofData: 200 });
  });

  it.each([
    [[1, 2], [1, 2.1], undefined],
    [[NaN, 2], [1, 2], undefined],
    [[NaN, 2], [1, 2], Infinity],
    [[1, -Infinity], [1, 2], Infinity],
  ])('refuses %j for %j', async (written, original, tolerance) => {
    await expect(verify(written, original, tolerance)).rejects.toThrow('gives other logits');
  });

  it.each([NaN, Infinity, -Infinity])('refuses to compare with %d', async (value) => {
    await expect(verify([1, value], [1, value])).rejects.toThrow("network's own logits are not finite");
    await expect(verify([1, value], [1, value], Infinity)).rejects.toThrow('not finite');
  });
});
