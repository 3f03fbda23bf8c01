import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Heap } from '../memory/heap.js';
import { divided } from './division.js';
import { KernelSet } from './kernel-set.js';
import { KernelThreads } from './kernel-threads.js';
import type { LoopNest } from './loop-nest.js';
import type { StoredType } from './stored-types.js';

const BYTES = 4;
const LANES = 16;

/** Images [B, 2, H·W, 16] times numbers per channel, their sums per channel halved, and sums per image. */
function nestOf(batch: number, pixels: number, type: StoredType = 'float32'): LoopNest {
  const image = 2 * pixels * LANES;
  const full = [image, pixels * LANES, LANES, 1];
  const perChannel = [0, LANES, 0, 1];
  return {
    sizes: [batch, 2, pixels, LANES],
    inputs: [
      { strides: full, type },
      { strides: perChannel, type: 'float32' },
    ],
    instructions: [
      {
        op: 'mul',
        args: [
          { kind: 'input', index: 0 },
          { kind: 'input', index: 1 },
        ],
      },
    ],
    outputs: [
      { from: { kind: 'result', index: 0 }, strides: full, type, sum: null },
      {
        from: { kind: 'result', index: 0 },
        strides: perChannel,
        type: 'float32',
        sum: { count: 2 * LANES, factor: 0.5 },
      },
      {
        from: { kind: 'result', index: 0 },
        strides: [1, 0, 0, 0],
        type: 'float32',
        sum: { count: batch, factor: 1 },
      },
    ],
  };
}

/** The bytes of an array, as their digest. */
const bytesOf = (array: Float32Array): string => createHash('sha256').update(array).digest('hex');

/** Computes the nest several times, and returns its results of the last time. */
async function computed(nest: LoopNest, threads: number, times: number): Promise<readonly Float32Array[]> {
  const heap = new Heap();
  const [batch, , pixels] = nest.sizes as [number, number, number];
  const count = batch * 2 * pixels * LANES;
  const team = new KernelThreads(heap, threads);
  const kernels = new KernelSet(team);
  const number = kernels.add(nest);
  const counts = [count, 2 * LANES, count, 2 * LANES, batch, ...kernels.partial(number)];
  const places = counts.map((each) => heap.allocate(BYTES * each));
  const views = places.map((place, i) => new Float32Array(heap.buffer, place, counts[i]));
  for (const input of views.slice(0, 2)) input.set(Float32Array.from(input, (_, i) => Math.sin(i * i)));
  if (nest.inputs[0]!.type === 'bfloat16') {
    const bits = new Uint32Array(views[0]!.slice().buffer);
    new Uint16Array(heap.buffer, places[0], count).set(bits.map((each) => each >>> 16));
  }
  kernels.compile();
  const run = kernels.prepare(number, places);
  try {
    const results = views.slice(2, 5);
    for (let time = 0; time < times; time++) {
      for (const result of results) result.fill(NaN);
      run();
    }
    return results.map((result) => result.slice());
  } finally {
    kernels.release();
    await team.close();
  }
}

describe('kernels in parts', () => {
  it.each([
    ['images', 16, 1024, [4 * 2 * 1024 * LANES, 0]],
    ['pixels', 15, 1024, [4 * 64 * LANES, 0]],
  ])('of %s are what a loop computes, with the same bytes on every number of threads', async (...args) => {
    const [, batch, pixels, steps] = args;
    const nest = nestOf(batch, pixels);
    const division = divided(nest)!;
    expect([division.parts, division.steps[0], division.steps[1]]).toEqual([16, ...steps]);
    const [y, channels, images] = (await computed(nest, 1, 1)) as [Float32Array, Float32Array, Float32Array];
    const [perChannel, perImage] = [new Float64Array(2 * LANES), new Float64Array(batch)];
    y.forEach((value, i) => {
      perChannel[Math.floor(i / (pixels * LANES)) % 2 === 0 ? i % LANES : LANES + (i % LANES)]! += value / 2;
      perImage[Math.floor(i / (2 * pixels * LANES))]! += value;
    });
    channels.forEach((sum, i) => expect(sum).toBeCloseTo(perChannel[i]!, 2));
    images.forEach((sum, i) => expect(sum).toBeCloseTo(perImage[i]!, 2));
    for (const threads of [2, 3]) {
      const again = await computed(nest, threads, 10);
      expect(again.map(bytesOf)).toEqual([y, channels, images].map(bytesOf));
    }
  });

  it('of images in bfloat16 have the same bytes on every number of threads', async () => {
    const nest = nestOf(16, 1024, 'bfloat16');
    expect(divided(nest)!.steps.slice(0, 3)).toEqual([2 * 2 * 1024 * LANES, 0, 2 * 2 * 1024 * LANES]);
    const [y, channels, images] = await computed(nest, 1, 1);
    const [, sums] = await computed(nestOf(16, 1024), 1, 1);
    channels!.forEach((sum, i) => expect(Math.abs(sum - sums![i]!)).toBeLessThan(1));
    const again = await computed(nest, 3, 10);
    expect(again.map(bytesOf)).toEqual([y!, channels!, images!].map(bytesOf));
  });

  it('are not made of nests that are small, or that have no divisor', () => {
    expect(divided(nestOf(24, 16))).toBeNull();
    const prime: LoopNest = {
      ...nestOf(1, 1),
      sizes: [2_097_169],
      inputs: [{ strides: [1], type: 'float32' }],
      outputs: [],
    };
    expect(divided(prime)).toBeNull();
  });

  it('report that a thread failed', async () => {
    const team = new KernelThreads(new Heap(), 2);
    team.remove(0); // starts the other thread, which knows no module
    const slow = (): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    const play = (): void => {
      for (let time = 0; time < 200; time++)
        team.play({ module: 7, kernel: 0, parts: 16, addresses: [], steps: [] }, slow);
    };
    expect(play).toThrow('a thread could not compute its part');
    await team.close();
  });
});
