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
    const steps = [...nest.inputs.map((input) => input.strides), strides, sums].map((each) => each[level]!);
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
    inputs: [a, b].map((each) => ({ strides: each, type: 'float32' })),
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
      { from: { kind: 'result', index: 1 }, strides: y, type: 'float32', sum: null },
      { from: { kind: 'result', index: 1 }, strides: sum, type: 'float32', sum: { count, factor: 0.5 } },
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

/** The numbers that bits of bfloat16 stand for. */
const widened = (bits: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(bits, (each) => each * 2 ** 16).buffer);

/** Runs a nest that adds 0 to bfloat16 and stores the result in both types; x: bits, or numbers in float32. */
function stored(
  x: Uint16Array | Float32Array,
  sizes: readonly number[],
  [from, to]: readonly (readonly number[])[],
) {
  const [count, written] = [reach(sizes, from!), reach(sizes, to!)];
  const heap = new Heap();
  const kernels = new KernelSet(new KernelThreads(heap, 1));
  const number = kernels.add({
    sizes,
    inputs: [{ strides: from!, type: x instanceof Uint16Array ? 'bfloat16' : 'float32' }],
    instructions: [
      {
        op: 'mul',
        args: [
          { kind: 'input', index: 0 },
          { kind: 'number', value: 1 },
        ],
      },
    ],
    outputs: (['float32', 'bfloat16'] as const).map((type) => ({
      from: { kind: 'result', index: 0 },
      strides: to!,
      type,
      sum: null,
    })),
  });
  const [source, wide, narrow] = [count, written, written].map((each) => heap.allocate(BYTES * each)) as [
    number,
    number,
    number,
  ];
  (x instanceof Uint16Array
    ? new Uint16Array(heap.buffer, source, count)
    : new Float32Array(heap.buffer, source, count)
  ).set(x);
  kernels.compile();
  kernels.prepare(number, [source, wide, narrow])();
  return {
    float32: new Float32Array(heap.buffer, wide, written).slice(),
    bfloat16: new Uint16Array(heap.buffer, narrow, written).slice(),
  };
}

describe('kernels on bfloat16', () => {
  const rng = Rng.fromSeed(11);
  const anyBits = (count: number): Uint16Array =>
    Uint16Array.from(
      { length: count },
      () => Math.floor(rng.uniform() * 2) * 2 ** 15 + 100 * 2 ** 7 + rng.int(2 ** 12),
    );

  it.each([
    ['one by one', [7], [[1], [1]]],
    ['pairs of vectors, and a rest', [45], [[1], [1]]],
    [
      'an odd number of vectors',
      [5, 12],
      [
        [12, 1],
        [12, 1],
      ],
    ],
    [
      'blocks of 16 channels',
      [3, 9, 16],
      [
        [144, 16, 1],
        [144, 16, 1],
      ],
    ],
    [
      'a transposed input',
      [5, 8],
      [
        [1, 5],
        [8, 1],
      ],
    ],
    [
      'a transposed result',
      [5, 9],
      [
        [9, 1],
        [1, 5],
      ],
    ],
    [
      'a number for all',
      [6, 8],
      [
        [0, 0],
        [8, 1],
      ],
    ],
    [
      'a number per row',
      [6, 8],
      [
        [1, 0],
        [8, 1],
      ],
    ],
    [
      'a row for all',
      [40, 8],
      [
        [0, 1],
        [8, 1],
      ],
    ],
  ])('%s: read and written without a change', (_, sizes, strides) => {
    const [from, to] = strides as [number[], number[]];
    const bits = anyBits(reach(sizes, from));
    const { float32, bfloat16 } = stored(bits, sizes, [from, to]);
    expect(widened(bfloat16)).toEqual(float32);
    const seen = new Set(float32);
    for (const value of widened(bits)) expect(seen.has(value)).toBe(true);
  });

  it('rounds to the nearest', () => {
    const numbers = Float32Array.from({ length: 4099 }, () => rng.normal() * 10 ** (60 * rng.uniform() - 30));
    const rounded = widened(stored(numbers, [numbers.length], [[1], [1]]).bfloat16);
    numbers.forEach((x, i) => {
      const step = 2 ** (Math.floor(Math.log2(Math.abs(x))) - 7);
      expect(Math.abs(rounded[i]! - x)).toBeLessThanOrEqual(step / 2);
    });
  });

  it('keeps what is not a number, and lets no other number become one of another sign or size', () => {
    const special = new Float32Array(Uint32Array.of(0x7fc00000, 0xffc00000, 0x7fffffff, 0xffffffff).buffer);
    const numbers = Float32Array.of(...special, Infinity, -Infinity, 3e38, 0, -0, 1e-39, 2 ** 110);
    // set as bits: arithmetic may change those of NaN
    const rounded = widened(stored(numbers, [numbers.length], [[1], [1]]).bfloat16);
    expect([...rounded.slice(0, 7)].map(Number.isNaN)).toEqual(new Array(7).fill(true));
    expect([...rounded.slice(7, 9)]).toEqual([0, -0]);
    expect(Math.abs(rounded[9]! - 1e-39)).toBeLessThanOrEqual(2 ** -133);
    expect(rounded[10]).toBe(2 ** 110);
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
