import { expect, it } from 'vitest';
import { metricsOfRows } from './metric-rows.js';

it('names the metrics of each step', () => {
  expect(metricsOfRows(['loss', 'gap'], Float32Array.of(1, 2, 3, 4))).toEqual([
    { loss: 1, gap: 2 },
    { loss: 3, gap: 4 },
  ]);
  expect(metricsOfRows(['loss'], new Float32Array())).toEqual([]);
  expect(metricsOfRows([], new Float32Array())).toEqual([]);
});
