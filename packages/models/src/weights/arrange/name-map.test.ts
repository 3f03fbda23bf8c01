import { ReusableBuffer, toLazyTensor, type LazyTensor } from '@anc/formats';
import { expect, it } from 'vitest';
import { fillFrom } from './name-map.js';

/** A tensor that is read into the reusable buffer, like one of a file. */
const read = (shape: readonly number[], from: number): LazyTensor => {
  const count = shape.reduce((a, b) => a * b, 1);
  const load = (reuse?: ReusableBuffer) => {
    const data = reuse?.floats(count) ?? new Float32Array(count);
    for (let i = 0; i < count; i++) data[i] = from + i;
    return { shape, data };
  };
  return { ...toLazyTensor(load()), load };
};

it('turns what it reads, whatever memory the readings share', () => {
  const template = { params: { a: { shape: [2, 3] }, b: { shape: [3, 2] }, c: { shape: [2] } }, stats: {} };
  const dict = { a: read([3, 2], 0), b: read([2, 3], 10), c: read([2], 20) };
  const { params } = fillFrom(template, { tensors: dict, layout: 'torch' }, (name) => name);
  const [a, b, c] = [params.a!.load(), params.b!.load(), params.c!.load()];
  expect([...a.data]).toEqual([0, 2, 4, 1, 3, 5]);
  expect([...b.data]).toEqual([10, 13, 11, 14, 12, 15]);
  expect([...c.data]).toEqual([20, 21]);
  const buffer = new ReusableBuffer();
  expect([...params.b!.load(buffer).data]).toEqual([...b.data]);
  expect([...params.c!.load(buffer).data]).toEqual([20, 21]);
  expect([...params.a!.load(buffer).data]).toEqual([...a.data]);
  expect([...a.data]).toEqual([0, 2, 4, 1, 3, 5]); // memory of its own without a buffer
});
