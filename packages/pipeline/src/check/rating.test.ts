import { describe, expect, it } from 'vitest';
import { softmax } from './probabilities.js';
import { rate } from './rating.js';

const rows = (...values: number[][]): Float32Array => Float32Array.from(values.flat());

describe('rate', () => {
  const sure = rows([9, 0, 0], [0, 9, 0], [0, 0, 9]);
  const good = rate([sure, sure], 3);

  it('is highest where answers differ between images and stay under views', () => {
    expect(good.decided).toBeCloseTo(Math.log(3));
    expect(good.consistent).toBeCloseTo(Math.log(3), 2);
    const constant = rows([9, 0, 0], [9, 0, 0], [9, 0, 0]);
    expect(rate([constant, constant], 3).score).toBeCloseTo(0, 2);
    const turning = rows([0, 9, 0], [0, 0, 9], [9, 0, 0]);
    expect(rate([sure, turning], 3).score).toBeLessThan(good.score - 0.5);
  });

  it('takes no answer for a good one because its numbers are large', () => {
    const huge = rows([900, 0, 0], [900, 0, 0], [0, 0, 900]);
    expect(rate([huge, huge], 3).score).toBeLessThan(good.score);
  });

  it('rates a classifier that is as sure as its views agree above one that is too sure, or not sure enough', () => {
    // Four images, two views, which agree on three of the images.
    const views = (scale: number) => [
      rows([scale, 0], [0, scale], [scale, 0], [0, scale]),
      rows([scale, 0], [0, scale], [scale, 0], [scale, 0]),
    ];
    const score = (scale: number): number => rate(views(scale), 2).score;
    const calibrated = Math.log(3); // probability 3/4
    expect(score(calibrated)).toBeGreaterThan(score(50));
    expect(score(calibrated)).toBeGreaterThan(score(0.01));
  });

  it('adds what labels say', () => {
    expect(rate([sure, sure], 3, [0, 1, 2]).score).toBeGreaterThan(good.score + 2);
    expect(rate([sure, sure], 3, [1, 2, 0]).score).toBeCloseTo(good.score);
  });

  it('has the same score on every image once, and another on some of them', () => {
    expect(good.scoreOf([2, 0, 1])).toBeCloseTo(good.score);
    expect(good.scoreOf([0, 0, 0])).toBeCloseTo(0, 2);
  });

  it('lets answers that are not numbers say nothing', () => {
    const broken = rows([NaN, 0, 1], [Infinity, Infinity, 0], [NaN, NaN, NaN]);
    const { score, confident } = rate([broken, broken], 3);
    expect(Number.isFinite(score)).toBe(true);
    expect(confident).toBeCloseTo(0);
    expect([...softmax(broken, 3)].every((p) => Math.abs(p - 1 / 3) < 1e-9)).toBe(true);
  });
});
