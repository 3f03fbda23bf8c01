import { Rng } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { Heap } from '../memory/heap.js';
import { KernelSet } from './kernel-set.js';
import { KernelThreads } from './kernel-threads.js';
import type { LoopNest } from './loop-nest.js';

const BYTES = 4;

/** Elements that strides reach. */
const reach = (sizes: readonly number[], strides: readonly number[]): number =>
  1 + sizes.reduce((sum, size, level) => sum + (size - 1) * strides[level]!, 0);

/** The nest (a·b + a, its sum) in plain loops. */
function plain(nest: LoopNest, a: Float32Array, b: Float32Array): { sum: Float32Array; y: Float32Array } {
  const [strides, sums] = nest.outputs.map((output) => output.strides) as [number[], number[]];
  const [y, sum] = [new Float32Array(reach(nest.sizes, strides)), new Float64Array(reach(nest.sizes, sums))];
  const visit = (level: number, at: readonly number[]): void => {
    if (level === nest.sizes.length) {
      const value = Math.fround(a[at[0]!]! * b[at[1]!]!) + a[at[0]!]!;
      y[at[2]!] = value;
      sum[at[3]!]! += value;
      return;
    }
    const steps = [...nest.inputs, strides, sums].map((each) => each[level]!);
    for (let i = 0; i < nest.sizes[level]!; i++)
      visit(
        level + 1,
        at.map((place, j) => place + i * steps[j]!),
      );
  };
  visit(0, [0, 0, 0, 0]);
  return { y, sum: Float32Array.from(sum, (each) => each * 0.5) };
}

function check(sizes: readonly number[], strides: readonly (readonly number[])[]): void {
  const [a, b, y, sum] = strides as readonly [number[], number[], number[], number[]];
  const count = reach(sizes, sum);
  const nest: LoopNest = {
    sizes,
    inputs: [a, b],
    instructions: [
      {
        op: 'mul',
        args: [
          { kind: 'input', index: 0 },
          { kind: 'input', index: 1 },
        ],
      },
      {
        op: 'add',
        args: [
          { kind: 'result', index: 0 },
          { kind: 'input', index: 0 },
        ],
      },
    ],
    outputs: [
      { from: { kind: 'result', index: 1 }, strides: y, sum: null },
      { from: { kind: 'result', index: 1 }, strides: sum, sum: { count, factor: 0.5 } },
    ],
  };
  const heap = new Heap();
  const kernels = new KernelSet(new KernelThreads(heap, 1));
  const number = kernels.add(nest);
  const rng = Rng.fromSeed(7);
  const places = [a, b, y, sum].map((each) => heap.allocate(BYTES * reach(sizes, each)));
  const views = places.map(
    (place, i) => new Float32Array(heap.buffer, place, reach(sizes, [a, b, y, sum][i]!)),
  );
  for (const view of views) view.forEach((_, i) => (view[i] = rng.normal()));
  kernels.compile();
  const partial = kernels.partial(number).map((numbers) => heap.allocate(BYTES * numbers));
  kernels.prepare(number, [...places, ...partial])();
  const wanted = plain(nest, views[0]!.slice(), views[1]!.slice());
  expect(views[2]!.slice()).toEqual(wanted.y);
  views[3]!.forEach((found, i) => {
    expect(Math.abs(found - wanted.sum[i]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(wanted.sum[i]!)));
  });
}

describe('kernels of loop nests', () => {
  it.each([
    ['one number', [1], [[0], [0], [0], [0]]],
    ['a vector with a rest, and its sum', [39], [[1], [0], [1], [0]]],
    ['a long vector, whose sum is split', [40000], [[1], [1], [1], [0]]],
    [
      'planes with a number per channel',
      [3, 5, 7],
      [
        [35, 7, 1],
        [0, 1, 0],
        [35, 7, 1],
        [0, 1, 0],
      ],
    ],
    [
      'channels last',
      [6, 10],
      [
        [10, 1],
        [0, 1],
        [10, 1],
        [0, 1],
      ],
    ],
    [
      'blocks of 16 channels',
      [2, 3, 9, 16],
      [
        [432, 144, 16, 1],
        [0, 16, 0, 1],
        [432, 144, 16, 1],
        [0, 16, 0, 1],
      ],
    ],
    [
      'blocks of channels, summed over them',
      [2, 9, 16],
      [
        [144, 16, 1],
        [0, 0, 1],
        [144, 16, 1],
        [9, 1, 0],
      ],
    ],
    [
      'a transposed input',
      [5, 8],
      [
        [1, 5],
        [8, 1],
        [8, 1],
        [0, 0],
      ],
    ],
    [
      'a transposed result',
      [5, 9],
      [
        [9, 1],
        [0, 1],
        [1, 5],
        [1, 5],
      ],
    ],
  ])('%s', (_, sizes, strides) => {
    check(sizes, strides);
  });
});

describe('memory for kernels', () => {
  it('gives again what was freed, and grows', () => {
    const heap = new Heap();
    const [a, b, c] = [heap.allocate(100), heap.allocate(200_000), heap.allocate(64)] as const;
    expect([a, b, c].every((place) => place % 64 === 0 && place > 0)).toBe(true);
    heap.free(a);
    heap.free(b);
    expect(heap.allocate(200_100)).toBe(a);
    expect(heap.used).toBe(200_128 + 64);
    expect(() => heap.free(c + 64)).toThrow('not allocated');
  });
});
