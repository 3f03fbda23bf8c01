import { isAncError } from '@anc/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIdx } from './idx.js';

const idx = (sizes: readonly number[], data: readonly number[], magic = [0, 0, 8]): Uint8Array => {
  const header = new DataView(new ArrayBuffer(4 + 4 * sizes.length));
  [...magic, sizes.length].forEach((byte, i) => header.setUint8(i, byte));
  sizes.forEach((size, i) => header.setUint32(4 + 4 * i, size));
  return Uint8Array.from([...new Uint8Array(header.buffer), ...data]);
};

describe('parseIdx', () => {
  it('reads sizes and bytes', () => {
    const { shape, data } = parseIdx('f', idx([2, 1, 2], [1, 2, 3, 4]));
    expect(shape).toEqual([2, 1, 2]);
    expect([...data]).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ['nothing', new Uint8Array(0), /not an IDX/],
    ['another element type', idx([1], [0], [0, 0, 13]), /not an IDX/],
    ['little-endian magic', Uint8Array.of(1, 8, 0, 0, 0, 0, 0, 0), /not an IDX/],
    ['half a header', idx([5, 5], []).subarray(0, 9), /cut short/],
    ['too few bytes', idx([2, 2], [1, 2, 3]), /length/],
    ['too many bytes', idx([2, 2], [1, 2, 3, 4, 5]), /length/],
    ['sizes beyond any memory', idx([0xffffffff, 0xffffffff], []), /length/],
  ])('rejects %s', (_, bytes, message) => {
    expect(() => parseIdx('some/file', bytes)).toThrow(message);
    expect(() => parseIdx('some/file', bytes)).toThrow(/some\/file/);
  });

  it('returns an array or an AncError for any bytes', () => {
    const header = fc.constantFrom(
      [],
      [0, 0, 8, 1],
      [0, 0, 8, 3, 0, 0, 0],
      [0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0],
    );
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 64 }), (start, rest) => {
        const bytes = Uint8Array.from([...start, ...rest]);
        try {
          const { shape, data } = parseIdx('f', bytes);
          expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
        } catch (error) {
          if (!isAncError(error)) throw error;
        }
      }),
    );
  });
});
