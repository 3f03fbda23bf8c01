import { describe, expect, it } from 'vitest';
import { bestOf, nextSetting, searchOf, type Search, type Setting, type Tried } from './settings.js';

/** Everything that a method tries where `score` judges it. */
function tryAll(search: Search, heat: boolean, score: (setting: Setting) => number): Tried[] {
  const tried: Tried[] = [];
  for (let next = nextSetting(search, heat, tried); next !== null; next = nextSetting(search, heat, tried)) {
    tried.push({ setting: next, score: score(next) });
  }
  return tried;
}

/** Best at 0.003 and T = 8. */
const hill = ({ learningRate, temperature = 4 }: Setting): number =>
  -Math.abs(Math.log(learningRate / 0.003)) - Math.abs(Math.log(temperature / 8));

describe('searchOf', () => {
  it('is a ladder around the usual rate where nothing is said', () => {
    expect(searchOf(0.002, {})).toEqual({
      learningRates: [0.0005, 0.001, 0.002, 0.004, 0.008],
      temperatures: [],
      budget: 5,
    });
    expect(searchOf(0.002, { budget: 2 }).learningRates).toEqual([0.001, 0.002]);
  });

  it('takes what was listed, once and in order, and a try for each further temperature', () => {
    expect(searchOf(1, { learningRates: [0.3, 0.1, 0.3], temperatures: [4, 2, 8] })).toEqual({
      learningRates: [0.1, 0.3],
      temperatures: [4, 2, 8],
      budget: 4,
    });
  });

  it('refuses a budget that does not cover the rates', () => {
    expect(() => searchOf(1, { learningRates: [1, 2, 3], budget: 2 })).toThrow(
      /more learning rates than tries/,
    );
  });
});

describe('nextSetting', () => {
  const search = searchOf(0.002, {
    learningRates: [0.001, 0.002, 0.004],
    temperatures: [4, 2, 8],
    budget: 7,
  });

  it('spends the same number of tries on every method', () => {
    expect(tryAll(search, true, hill)).toHaveLength(7);
    expect(tryAll(search, false, hill)).toHaveLength(7);
  });

  it('tries the rates, then temperatures at the best rate, then rates beside the best', () => {
    const settings = tryAll(search, true, hill).map(({ setting }) => setting);
    expect(settings.slice(0, 5)).toEqual([
      { learningRate: 0.001, temperature: 4 },
      { learningRate: 0.002, temperature: 4 },
      { learningRate: 0.004, temperature: 4 },
      { learningRate: 0.004, temperature: 2 },
      { learningRate: 0.004, temperature: 8 },
    ]);
    expect(bestOf(tryAll(search, true, hill))!.setting.temperature).toBe(8);
  });

  it('closes in on the best rate where there is no temperature', () => {
    const tried = tryAll(search, false, hill);
    expect(tried.every(({ setting }) => setting.temperature === undefined)).toBe(true);
    expect(bestOf(tried)!.setting.learningRate).toBeCloseTo(0.003, 3);
  });

  it('goes beyond the end of the list where the best rate is there', () => {
    const rising = tryAll({ ...search, temperatures: [] }, false, ({ learningRate }) => learningRate);
    expect(rising.map(({ setting }) => setting.learningRate)).toEqual([
      0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064,
    ]);
  });

  it('goes down where every try diverged, and chooses none of them', () => {
    const tried = tryAll(search, false, () => -Infinity);
    expect(tried.at(-1)!.setting.learningRate).toBeLessThan(0.001);
    expect(bestOf(tried)).toBeNull();
  });
});
