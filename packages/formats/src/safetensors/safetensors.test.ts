import { isAncError, type HostTensor, type Tree } from '@anc/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';

const sample: Tree<HostTensor> = {
  b: { shape: [3], data: Uint8Array.of(1, 2, 255) },
  'a/kernel': { shape: [2, 2], data: Float32Array.of(1.5, NaN, -Infinity, 1e-40) },
  steps: { shape: [], data: Int32Array.of(-7) },
  empty: { shape: [0, 4], data: new Float32Array(0) },
};

describe('safetensors', () => {
  it('restores tensors and metadata bit for bit', () => {
    const { tensors, metadata } = decodeSafetensors(encodeSafetensors(sample, { step: '3', method: 'l2' }));
    expect(tensors).toEqual(sample);
    expect(metadata).toEqual({ step: '3', method: 'l2' });
  });

  it('gives the same bytes for the same content, in any order of its entries', () => {
    const reversed = Object.fromEntries(Object.entries(sample).reverse());
    const one = encodeSafetensors(sample, { x: '1', y: '2' });
    expect(encodeSafetensors(reversed, { y: '2', x: '1' })).toEqual(one);
  });

  it('follows the format: u64 length, JSON header, aligned data', () => {
    const bytes = encodeSafetensors({ w: { shape: [1], data: Float32Array.of(1) } });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      w: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    });
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0x80, 0x3f]);
  });

  it('reads from a view into a larger buffer', () => {
    const bytes = encodeSafetensors(sample);
    const larger = new Uint8Array(bytes.length + 13);
    larger.set(bytes, 5);
    expect(decodeSafetensors(larger.subarray(5, 5 + bytes.length)).tensors).toEqual(sample);
    expect(decodeSafetensors(Buffer.from(larger.buffer, 5, bytes.length)).tensors).toEqual(sample);
  });

  it('refuses every truncation and anything appended', () => {
    const bytes = encodeSafetensors(sample, { step: '3' });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrow(/not a whole safetensors file/);
    }
    expect(() => decodeSafetensors(new Uint8Array([...bytes, 0]))).toThrow(/not a whole safetensors file/);
  });

  it('refuses overlaps, wrong sizes and unknown element types', () => {
    const file = (header: unknown, data: number): Uint8Array => {
      const json = new TextEncoder().encode(JSON.stringify(header));
      const bytes = new Uint8Array(8 + json.length + data);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
      bytes.set(json, 8);
      return bytes;
    };
    const f32 = (begin: number, end: number): unknown => ({
      dtype: 'F32',
      shape: [1],
      data_offsets: [begin, end],
    });
    expect(() => decodeSafetensors(file({ a: f32(0, 4), b: f32(0, 4) }, 4))).toThrow(/starts at/);
    expect(() => decodeSafetensors(file({ a: f32(0, 8) }, 8))).toThrow(/does not take/);
    expect(() =>
      decodeSafetensors(file({ a: { dtype: 'F8', shape: [1], data_offsets: [0, 1] } }, 1)),
    ).toThrow(/element type/);
    expect(() => decodeSafetensors(file([], 0))).toThrow(/not an object/);
  });

  it('refuses to write a tensor whose data and shape disagree', () => {
    expect(() => encodeSafetensors({ w: { shape: [2], data: new Float32Array(3) } })).toThrow(/disagree/);
  });

  it('gives data or an AncError for damaged bytes', () => {
    const bytes = encodeSafetensors(sample, { step: '3' });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = bytes.slice();
        damaged[at]! ^= flip;
        try {
          decodeSafetensors(damaged);
        } catch (error) {
          expect(isAncError(error)).toBe(true);
        }
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it.each([
    ['F16', Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00), [1, -2, 2 ** -24, Infinity]],
    ['BF16', Uint16Array.of(0x3f80, 0xc000), [1, -2]],
    ['F64', Float64Array.of(1.5, -3), [1.5, -3]],
    ['I64', BigInt64Array.of(-4n, 5n), [-4, 5]],
    ['I16', Int16Array.of(-4, 5), [-4, 5]],
    ['I8', Int8Array.of(-4, 5), [-4, 5]],
    ['BOOL', Uint8Array.of(1, 0), [1, 0]],
  ])('reads %s', (dtype, data, expected) => {
    const { tensors } = decodeSafetensors(written(dtype, data));
    expect([...tensors['t']!.data]).toEqual(expected);
  });

  it('refuses an integer that exceeds 32 bits, and other types', () => {
    expect(() => decodeSafetensors(written('I64', BigInt64Array.of(2n ** 40n)))).toThrow(/32-bit/);
    expect(() => decodeSafetensors(written('F8_E4M3', Uint8Array.of(1)))).toThrow(/element type/);
  });
});

/** A file with one tensor `t`, as other programs write it. */
function written(dtype: string, data: ArrayBufferView & { readonly length: number }): Uint8Array {
  const header = JSON.stringify({ t: { dtype, shape: [data.length], data_offsets: [0, data.byteLength] } });
  const bytes = new Uint8Array(8 + header.length + data.byteLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + header.length);
  return bytes;
}
