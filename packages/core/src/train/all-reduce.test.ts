import { describe, expect, it } from 'vitest';
import { exchangeByAllReduce } from './all-reduce.js';

describe('exchangeByAllReduce', () => {
  it('sends the values times the rows, and the rows, and divides the sums', async () => {
    const sent: number[][] = [];
    const exchange = exchangeByAllReduce((buffer) => {
      sent.push([...buffer]);
      return Promise.resolve(Float32Array.of(3 * 2 + 1 * 6, 3 * 4 + 1 * 8, 3 * 8 + 1 * 0, 3 + 1)); // another rank has one row
    });
    const means = await exchange({
      phase: 'student',
      rows: 3,
      values: [Float32Array.of(2, 4), Float32Array.of(8), new Float32Array()],
    });
    expect(sent).toEqual([[6, 12, 24, 3]]);
    expect(means).toEqual([Float32Array.of(3, 5), Float32Array.of(6), new Float32Array()]);
  });
});
