import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawNoise, noiseSpec, type Distribution, type NoiseSpec } from './noise.js';

const uniform: Distribution = { kind: 'uniform', low: 0, high: 1 };
const spec = (distribution: Distribution, shape: readonly number[] = [4, 3], name = 'mask'): NoiseSpec => ({
  name,
  shape,
  distribution,
});
const draw = (...given: Parameters<typeof drawNoise>): number[] => [...drawNoise(...given).data];

describe('drawNoise', () => {
  it('gives a float32 tensor of the shape, the same one every time', () => {
    const { shape, data } = drawNoise(spec(uniform), 1, 2);
    expect(shape).toEqual([4, 3]);
    expect(data).toBeInstanceOf(Float32Array);
    expect(data).toHaveLength(12);
    expect(draw(spec(uniform), 1, 2)).toEqual([...data]);
  });

  it('of the whole batch is the same on every rank: that of one process', () => {
    const whole = noiseSpec('mask', [4, 3], uniform, 'whole');
    expect(draw(whole, 1, 2, 7)).toEqual(draw(spec(uniform), 1, 2));
    expect(whole.name).not.toBe(noiseSpec('mask', [2, 3], uniform).name); // another input
  });

  it('depends on seed, step and name, and each sample has numbers of its own', () => {
    const base = draw(spec(uniform), 1, 2);
    expect(draw(spec(uniform), 3, 2)).not.toEqual(base);
    expect(draw(spec(uniform), 1, 3)).not.toEqual(base);
    expect(draw(spec(uniform, [4, 3], 'other'), 1, 2)).not.toEqual(base);
    const samples = [0, 1, 2, 3].map((i) => base.slice(3 * i, 3 * i + 3).join());
    expect(new Set(samples).size).toBe(4);
  });

  it('gives parts of a batch the noise of the whole', () => {
    const split = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(split, fc.nat(100), fc.nat(100), (cut, seed, step) => {
        const whole = draw(spec(uniform, [6, 2]), seed, step);
        const first = draw(spec(uniform, [cut, 2]), seed, step);
        const rest = draw(spec(uniform, [6 - cut, 2]), seed, step, cut);
        expect([...first, ...rest]).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('takes a scalar for one sample, and a batch of none', () => {
    expect(draw(spec(uniform, []), 1, 2)).toEqual(draw(spec(uniform, [1]), 1, 2));
    expect(draw(spec(uniform, [0, 3]), 1, 2)).toEqual([]);
  });

  /** Mean and variance of 20,000 numbers: five standard errors are below 0.04 for each of the distributions. */
  it.each<[Distribution, number, number]>([
    [{ kind: 'bernoulli', keep: 0.25 }, 0.25, 0.1875],
    [{ kind: 'uniform', low: -1, high: 2 }, 0.5, 0.75],
    [{ kind: 'normal', mean: 3, std: 0.5 }, 3, 0.25],
  ])('%o has its mean and variance', (distribution, mean, variance) => {
    const values = draw(spec(distribution, [200, 100]), 7, 0);
    const found = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = values.reduce((sum, value) => sum + (value - found) ** 2, 0) / values.length;
    expect(Math.abs(found - mean)).toBeLessThan(0.04);
    expect(Math.abs(spread - variance)).toBeLessThan(0.04);
  });

  it('stays in its range', () => {
    const bernoulli = draw(spec({ kind: 'bernoulli', keep: 0.5 }, [100]), 1, 1);
    expect(new Set(bernoulli)).toEqual(new Set([0, 1]));
    expect(draw(spec({ kind: 'bernoulli', keep: 1 }, [50]), 1, 1)).toEqual(Array(50).fill(1));
    const inside = draw(spec({ kind: 'uniform', low: 2, high: 3 }, [100]), 1, 1);
    expect(inside.every((value) => value >= 2 && value < 3)).toBe(true);
  });
});
