import { describe, expect, it } from 'vitest';
import type { CompiledFunction } from '../contracts/backend.js';
import type { HostTensor, Tree } from '../tree/tree.js';
import { chunkSizeFor, inChunks, runInParts } from './chunks.js';

describe('chunkSizeFor', () => {
  it.each([
    ['all where the caches do not matter', 128, 1000, null, 128],
    ['all that fit', 128, 1000, 128_000, 128],
    ['half of what does not', 128, 1000, 127_999, 64],
    ['a quarter', 128, 1000, 32_000, 32],
    ['all where too few would be left', 128, 1000, 15_999, 128],
    ['all where halves are not whole', 50, 1000, 12_000, 50],
    ['half where only quarters are not whole', 50, 1000, 25_000, 25],
  ])('takes %s', (_what, batch, largest, cache, chunk) => {
    expect(chunkSizeFor(batch, largest, cache)).toBe(chunk);
  });
});

describe('inChunks', () => {
  /** Doubles x and counts rows; records its inputs in `seen`. */
  function doubling(seen: Tree<HostTensor>[]): CompiledFunction & { disposed: boolean } {
    return {
      disposed: false,
      run(inputs) {
        seen.push(inputs);
        const { shape, data } = inputs['x']!;
        const rows = Int32Array.from({ length: shape[0]! }, (_, row) => row);
        const doubled = Float32Array.from(data, (value) => 2 * value);
        return Promise.resolve({
          doubled: { shape, data: doubled },
          rows: { shape: [shape[0]!], data: rows },
        });
      },
      dispose() {
        this.disposed = true;
        return Promise.resolve();
      },
    };
  }

  it('gives the outputs of the whole batch, from chunks one after the other', async () => {
    const seen: Tree<HostTensor>[] = [];
    const inner = doubling(seen);
    const whole = inChunks(inner, 2);
    const x: HostTensor = { shape: [6, 3], data: Uint8Array.from({ length: 18 }, (_, i) => i) };
    const { doubled, rows } = await whole.run({ x });
    expect(doubled).toEqual({ shape: [6, 3], data: Float32Array.from({ length: 18 }, (_, i) => 2 * i) });
    expect(rows).toEqual({ shape: [6], data: Int32Array.of(0, 1, 0, 1, 0, 1) });
    expect(seen.map(({ x }) => [x!.shape, x!.data[0]])).toEqual([
      [[2, 3], 0],
      [[2, 3], 6],
      [[2, 3], 12],
    ]);
    await whole.dispose();
    expect(inner.disposed).toBe(true);
  });
});

describe('runInParts', () => {
  const sizes = async (rows: number, most: number): Promise<number[]> => {
    const seen: number[] = [];
    const x: HostTensor = { shape: [rows, 2], data: Float32Array.from({ length: 2 * rows }, (_, i) => i) };
    const found = await runInParts({ x }, most, (part) => {
      seen.push(part.x!.shape[0]!);
      return Promise.resolve({ y: part.x! });
    });
    expect(found).toEqual({ y: x });
    return seen;
  };

  it.each([
    [5, 2, [2, 2, 1]],
    [4, 2, [2, 2]],
    [4, 4, [4]],
    [3, 8, [3]],
  ])('of %i rows, at most %i at once', async (rows, most, parts) => {
    expect(await sizes(rows, most)).toEqual(parts);
  });
});
