import { expect, it } from 'vitest';
import type { Precision } from '../export/format.js';
import { benchmarkNotes, type BenchmarkRow } from './rows.js';

const row = (model: string, precision: Precision, p50: number, bytes = 100, sizes = [1]): BenchmarkRow => ({
  ...{ model, of: 'r1', precision, backend: 'onnx', parameters: 1, flops: 1, bytes },
  ...{ memory: null, agreement: null },
  batches: sizes.map((size) => ({
    ...{ size, rounds: 9, p50: p50 * (size === 1 ? 1 : -1), p95: p50 },
    imagesPerSecond: 1000 / p50,
  })),
});

it('says where fewer bits are slower, and nothing where they are not', () => {
  expect(
    benchmarkNotes([row('kd', 'float32', 1), row('kd', 'float16', 1.02), row('kd', 'int8', 0.9)]),
  ).toEqual([]);
  expect(benchmarkNotes([row('kd', 'float32', 1), row('kd', 'int8', 1.5, 30)])).toEqual([
    'kd with onnx: int8 takes 1.50 ms for one image and float32 1.00 ms. Deploy float32 where time counts; int8 has 30 % of its bytes.',
  ]);
  expect(benchmarkNotes([row('kd', 'float32', 1), row('kd', 'int8', 1.5, 140)])).toEqual([
    expect.stringContaining('Deploy float32: it is smaller, too.'),
  ]);
  expect(benchmarkNotes([row('kd', 'float32', 1), row('kd', 'float16', 2)])).toEqual([
    expect.stringContaining('It saves bytes here, not time.'),
  ]);
  expect(benchmarkNotes([row('a', 'float32', 1), row('b', 'int8', 1.5)])).toEqual([]); // of other models
});

it('speaks of one image where one was measured, in any place, and else of nothing', () => {
  const rows = (sizes: number[]) => [row('kd', 'float32', 1, 100, sizes), row('kd', 'int8', 1.5, 30, sizes)];
  expect(benchmarkNotes(rows([32, 1]))).toEqual([
    expect.stringContaining('int8 takes 1.50 ms for one image'),
  ]);
  expect(benchmarkNotes(rows([32]))).toEqual([]);
  const teacher = row('teacher', 'int8', 2, 100, [32]);
  expect(benchmarkNotes([teacher, row('kd', 'float32', 3, 100, [32])])).toEqual([]);
});

it('says where an int8 teacher leaves nothing to a student', () => {
  const rows = [row('teacher', 'float32', 4), row('teacher', 'int8', 2), row('kd', 'float32', 3, 90)];
  expect(benchmarkNotes(rows)).toEqual([
    'the int8 teacher takes 2.00 ms for one image and kd 3.00 ms with onnx: on this machine the student is smaller, but not faster.',
  ]);
  expect(benchmarkNotes([...rows.slice(0, 2), row('kd', 'float32', 3, 100)])).toEqual([
    expect.stringContaining('the student is neither smaller nor faster.'),
  ]);
  expect(benchmarkNotes([...rows.slice(0, 2), row('kd', 'float32', 1)])).toEqual([]);
});
