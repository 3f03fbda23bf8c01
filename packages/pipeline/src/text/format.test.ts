import { describe, expect, it } from 'vitest';
import { formatCount, formatLarge, formatRate, formatSeconds, formatShare } from './format.js';

describe('numbers for people', () => {
  it.each([
    [formatShare(0.0831), '8.31 %'],
    [formatShare(null), '–'],
    [formatCount(2315018), '2,315,018'],
    [formatCount(999), '999'],
    [formatCount(-1000), '-1,000'],
    [formatCount(1234.5), '1,234.5'],
    [formatCount(null), 'unknown'],
    [formatLarge(null), 'unknown'],
    [formatLarge(940), '940'],
    [formatLarge(2315018), '2.32 M'],
    [formatLarge(60_230_000_000), '60.2 G'],
    [formatRate(1780.4), '1,780 images/s'],
    [formatRate(0.4263), '0.426 images/s'],
    [formatSeconds(4.13), '4.1 s'],
    [formatSeconds(59.7), '1 min 00 s'],
    [formatSeconds(200), '3 min 20 s'],
    [formatSeconds(3725), '1 h 02 min'],
    [formatSeconds(Infinity), '–'],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected);
  });
});
