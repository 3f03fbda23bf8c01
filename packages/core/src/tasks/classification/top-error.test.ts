import { describe, expect, it } from 'vitest';
import { countWrong } from './top-error.js';

describe('countWrong', () => {
  const logits = { classes: 3, data: Float32Array.of(1, 2, 3, 3, 3, 0, 0, 5, 1) };
  it.each([
    [[2, 0, 1], 1, 0],
    [[2, 1, 1], 1, 1],
    [[1, 1, 2], 2, 0],
    [[0, 2, 0], 2, 3],
    [[0, 2, 0], 5, 0],
  ])('labels %j, the best %d: %d wrong', (labels, k, wrong) => {
    expect(countWrong(logits, Int32Array.from(labels), k)).toBe(wrong);
  });

  it('counts what is not a number as wrong', () => {
    expect(countWrong({ classes: 2, data: Float32Array.of(NaN, NaN) }, Int32Array.of(0), 1)).toBe(1);
  });
});
