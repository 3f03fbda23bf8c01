import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { areaUnderCurve } from './metrics.js';

beforeAll(() => tf.setBackend('cpu'));

const value = (x: tf.Tensor): number => x.dataSync()[0]!;

describe('areaUnderCurve', () => {
  it('is 1 when every teacher score is higher, 0 when lower, 1/2 on ties', () => {
    const [high, low] = [tf.tensor2d([3, 4], [2, 1]), tf.tensor2d([1, 2], [2, 1])];
    expect(value(areaUnderCurve(high, low))).toBe(1);
    expect(value(areaUnderCurve(low, high))).toBe(0);
    expect(value(areaUnderCurve(high, high))).toBe(0.5);
  });

  it('counts the pairs in which the teacher is above, ties half, whatever the scale', () => {
    const scores = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(scores, scores, (teacher, student) => {
        const pairs = teacher.flatMap((t) => student.map((s): number => (t > s ? 1 : t === s ? 0.5 : 0)));
        const expected = pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length;
        const curve = (scale: number): number =>
          value(
            areaUnderCurve(
              tf.tensor1d(teacher.map((t) => scale * t)),
              tf.tensor1d(student.map((s) => scale * s)),
            ),
          );
        expect(curve(1)).toBeCloseTo(expected, 5);
        expect(curve(100)).toBeCloseTo(expected, 5);
      }),
    );
  });
});
