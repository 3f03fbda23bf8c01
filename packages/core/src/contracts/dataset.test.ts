import { describe, expect, it } from 'vitest';
import { pixelUnit } from './dataset.js';

describe('pixelUnit', () => {
  it.each([
    ['pixels in 0..1', [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 255],
    ['pixels in -1..1', [0.5], [0.5], 255],
    ['bytes', [123.7, 116.3, 103.5], [58.4, 57.1, 57.4], 1],
    ['bytes whose mean is small', [0, 0, 0], [255, 255, 255], 1],
  ])('of means and deviations of %s', (_what, mean, std, unit) => {
    expect(pixelUnit(mean, std)).toBe(unit);
  });
});
