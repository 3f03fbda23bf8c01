import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { fillWithNormals } from './normals.js';

const STATE = [1, 2, 3, 4];

/** Marsaglia's polar method, one number at a time. */
function oneByOne(size: number, deviation: number): { data: Float32Array; state: readonly number[] } {
  const generator = xoroshiro128plusFromState(STATE);
  const data = new Float32Array(size);
  for (let i = 0; i < size; i += 2) {
    let [x, y, square] = [0, 0, 0];
    do {
      x = generator.next() * 2 ** -31;
      y = generator.next() * 2 ** -31;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const factor = deviation * Math.sqrt((-2 * Math.log(square)) / square);
    data[i] = x * factor;
    data[i + 1] = y * factor;
  }
  return { data, state: generator.getState() };
}

describe('normal numbers in blocks', () => {
  it.each([1, 2, 3, 1023, 1024, 1025, 200_000])('are the polar method, %i of them', (size) => {
    const data = new Float32Array(size);
    const state = Int32Array.from(STATE);
    fillWithNormals(data, 0.3, state);
    const expected = oneByOne(size, 0.3);
    expect(Buffer.compare(Buffer.from(data.buffer), Buffer.from(expected.data.buffer))).toBe(0);
    expect([...state]).toEqual(expected.state);
  });

  it('have the moments and the tails of a normal distribution', () => {
    const data = new Float32Array(1_000_000);
    fillWithNormals(data, 2, Int32Array.from([9, 8, 7, 6]));
    const moment = (power: number): number =>
      data.reduce((sum, value) => sum + (value / 2) ** power, 0) / data.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.004); // four standard errors each
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.006);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.04);
    const beyond = data.filter((value) => Math.abs(value) > 6).length / data.length;
    expect(Math.abs(beyond - 0.0027)).toBeLessThan(0.00021);
  });
});
