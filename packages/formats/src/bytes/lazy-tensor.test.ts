import { mapTree, type HostTensor, type Tree } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors, openSafetensors, safetensorsPieces } from '../safetensors/safetensors.js';
import { inMemory, ReusableBuffer, type ByteSource } from './byte-source.js';
import { loadTree, toLazyTensor, type LazyTensor } from './lazy-tensor.js';

const sample: Tree<HostTensor> = {
  bytes: { shape: [3], data: Uint8Array.of(1, 2, 255) },
  weights: { shape: [2, 2], data: Float32Array.of(1.5, -2, 0, 4) },
  steps: { shape: [], data: Int32Array.of(-7) },
};

/** Records which bytes are read. */
function watched(bytes: Uint8Array): { source: ByteSource; read: [number, number][] } {
  const inner = inMemory(bytes);
  const read: [number, number][] = [];
  const source: ByteSource = {
    length: inner.length,
    read(begin, end) {
      read.push([begin, end]);
      return inner.read(begin, end);
    },
  };
  return { source, read };
}

describe('lazily loaded tensors', () => {
  it('are read one at a time, on demand', () => {
    const bytes = encodeSafetensors(sample, { a: 'b' });
    const { source, read } = watched(bytes);
    const { tensors, metadata } = openSafetensors(source);
    expect(metadata).toEqual({ a: 'b' });
    expect(mapTree(tensors, ({ shape, dtype }) => [shape, dtype])).toEqual({
      bytes: [[3], 'uint8'],
      weights: [[2, 2], 'float32'],
      steps: [[], 'int32'],
    });
    const header = Math.max(...read.map(([, end]) => end));
    expect(header).toBe(bytes.length - 4 - 16 - 3);
    read.length = 0;
    expect(tensors['weights']!.load()).toEqual(sample['weights']);
    expect(read).toHaveLength(1);
    expect(read[0]![1] - read[0]![0]).toBe(16);
    expect(loadTree(tensors)).toEqual(sample);
  });

  it('are read into a reusable buffer, one after the other', () => {
    const source = inMemory(Uint8Array.of(1, 2, 3, 4, 5));
    const buffer = new ReusableBuffer();
    const first = source.read(0, 3, buffer);
    expect([...first]).toEqual([1, 2, 3]);
    const second = source.read(3, 5, buffer);
    expect([...second]).toEqual([4, 5]);
    expect(second.buffer).toBe(first.buffer);
    expect([...source.read(0, 5, buffer)]).toEqual([1, 2, 3, 4, 5]);
    expect([...second]).toEqual([4, 5]); // a longer read allocated new memory
  });

  it('are written from two buffers in turn', () => {
    const tensors = Object.fromEntries(
      ['a', 'b', 'c', 'd'].map((name, i): [string, LazyTensor] => {
        const load = (reuse?: ReusableBuffer): HostTensor => ({
          shape: [2],
          data: reuse!.floats(2).fill(i + 1),
        });
        return [name, { shape: [2], dtype: 'float32', load }];
      }),
    );
    const [, ...held] = [...safetensorsPieces(tensors)].map(({ buffer }) => buffer);
    expect(held[0]).toBe(held[2]);
    expect(held[1]).toBe(held[3]);
    expect(held[0]).not.toBe(held[1]);
    let before: readonly number[] = [];
    let previous: Uint8Array | null = null;
    for (const piece of safetensorsPieces(tensors)) {
      if (previous !== null) expect([...previous]).toEqual(before); // unchanged since it was yielded
      [previous, before] = [piece, [...piece]];
    }
  });

  it('are written one at a time, with the same bytes as all at once', () => {
    const loaded: string[] = [];
    const lazy = mapTree(sample, (host, name): LazyTensor => {
      const load = (): HostTensor => {
        loaded.push(name);
        return host;
      };
      return { ...toLazyTensor(host), load };
    });
    const pieces = safetensorsPieces(lazy, { a: 'b' });
    const parts = [pieces.next().value!];
    expect(loaded).toEqual([]);
    parts.push(pieces.next().value);
    expect(loaded).toEqual(['steps']);
    parts.push(...pieces);
    expect(Buffer.concat(parts).equals(encodeSafetensors(sample, { a: 'b' }))).toBe(true);
  });

  it('are read into arrays of their own, within the bounds of the source', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const source = inMemory(Buffer.from(bytes.buffer));
    const read = source.read(1, 3);
    read[0] = 9;
    expect([...bytes]).toEqual([1, 2, 3]);
    expect(read.buffer.byteLength).toBe(2);
    expect(() => source.read(2, 4)).toThrow(expect.objectContaining({ code: 'ANC_FILE' }));
  });
});
