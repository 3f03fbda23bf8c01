import { describe, expect, it } from 'vitest';
import { rate, softmax } from './rating.js';

const rows = (...values: number[][]): Float32Array => Float32Array.from(values.flat());

describe('rate', () => {
  const sure = rows([9, 0, 0], [0, 9, 0], [0, 0, 9]);
  it('is highest where answers differ between images and stay under views', () => {
    const good = rate([sure, sure], 3);
    expect(good.decided).toBeCloseTo(Math.log(3));
    expect(good.score).toBeGreaterThan(1.6);
    const constant = rows([9, 0, 0], [9, 0, 0], [9, 0, 0]);
    expect(rate([constant, constant], 3).score).toBeCloseTo(0);
    const turning = rows([0, 9, 0], [0, 0, 9], [9, 0, 0]);
    expect(rate([sure, turning], 3).score).toBeLessThan(good.score - 0.5);
  });

  it('takes no answer for a good one because its numbers are large', () => {
    const huge = rows([900, 0, 0], [900, 0, 0], [0, 0, 900]);
    expect(rate([huge, huge], 3).score).toBeLessThan(rate([sure, sure], 3).score);
  });

  it('lets answers that are not numbers say nothing', () => {
    const broken = rows([NaN, 0, 1], [Infinity, Infinity, 0], [NaN, NaN, NaN]);
    const { score, confident } = rate([broken, broken], 3);
    expect(Number.isFinite(score)).toBe(true);
    expect(confident).toBeCloseTo(0);
    expect([...softmax(broken, 3)].every((p) => Math.abs(p - 1 / 3) < 1e-9)).toBe(true);
  });
});
