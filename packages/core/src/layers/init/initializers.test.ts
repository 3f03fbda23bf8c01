import { describe, expect, it } from 'vitest';
import { Rng } from '../../random/rng.js';
import { INITIALIZER_NAMES, INITIALIZERS } from './initializers.js';

const VARIANCES = {
  'he-normal': 2 / 50,
  'glorot-uniform': 2 / 200,
  'glorot-normal': 2 / 200,
  'lecun-normal': 1 / 50,
};
/** Fourth moment over the squared variance; a normal distribution that is cut off at two has 2.37. */
const KURTOSES = { 'he-normal': 3, 'glorot-uniform': 1.8, 'glorot-normal': 3, 'lecun-normal': 2.37 };

describe.each(INITIALIZER_NAMES)('%s', (name) => {
  const draw = (seed: number): Float32Array =>
    INITIALIZERS[name](Rng.fromSeed(seed), [201, 101], 50, 150).data as Float32Array;
  const values = [...draw(1)];
  const moment = (power: number): number =>
    values.reduce((sum, value) => sum + value ** power, 0) / values.length;

  it('has mean zero, the variance of its formula, and the kurtosis of its distribution', () => {
    expect(Math.abs(moment(1))).toBeLessThan(0.05 * Math.sqrt(VARIANCES[name]));
    expect(Math.abs(moment(2) / VARIANCES[name] - 1)).toBeLessThan(0.05);
    const kurtosis = moment(4) / moment(2) ** 2;
    expect(Math.abs(kurtosis - KURTOSES[name])).toBeLessThan(0.15);
  });

  it('neighbors are uncorrelated and the last of an odd number is drawn', () => {
    const lag = values.slice(1).reduce((sum, value, i) => sum + value * values[i]!, 0) / values.length;
    expect(Math.abs(lag / VARIANCES[name])).toBeLessThan(0.03);
    expect(values.at(-1)).not.toBe(0);
  });

  it('repeats by seed', () => {
    expect(draw(1)).toEqual(Float32Array.from(values));
    expect(draw(2)).not.toEqual(Float32Array.from(values));
  });
});
