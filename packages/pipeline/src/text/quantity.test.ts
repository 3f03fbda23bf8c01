import { describe, expect, it } from 'vitest';
import { readQuantity } from './quantity.js';

describe('readQuantity', () => {
  it.each([
    [100, 100],
    ['100', 100],
    ['100k', 1e5],
    ['0.5M', 5e5],
    ['2 G', 2e9],
    ['64ki', 65536],
    ['1Mi', 2 ** 20],
    ['300kB', 3e5],
    ['300KiB', 307200],
    ['1e6', 1e6],
    [1e21, 1e21],
  ])('reads %j', (text, number) => {
    expect(readQuantity(text)).toBe(number);
  });

  it.each([0, -1, NaN, Infinity, '', '0', 'k', '-5k', '5m', '5x', '1,000', '5kk', '1e400', 'none'])(
    'refuses %j',
    (text) => {
      expect(readQuantity(text)).toBeNull();
    },
  );
});
