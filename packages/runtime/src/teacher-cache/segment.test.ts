import { describe, expect, it } from 'vitest';
import { encodeSegment, HEADER, isWhole, readHead, readSlots, rowBytes, rowsAt, sealRow } from './segment.js';

/** Two rows of two float32s in slots 7 and 2^33, written when the checksums came from another library. */
const STORED = Uint8Array.from(
  Buffer.from(
    '414e434d454d4f32020000000200000004000000880969970000000000001c4000000000000000420000003f000040c08b7d4e2d' +
      '0000c03f000040c03f63a63c',
    'hex',
  ),
);

function rowsOf(...values: readonly (readonly number[])[]): Uint8Array {
  const rows = new Uint8Array(values.length * rowBytes(2, 4));
  values.forEach((row, r) => {
    const bytes = rows.subarray(r * rowBytes(2, 4), (r + 1) * rowBytes(2, 4));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    row.forEach((value, i) => view.setFloat32(4 * i, value, true));
    sealRow(bytes);
  });
  return rows;
}

describe('a segment', () => {
  it('keeps its format: files on disk stay valid', () => {
    const rows = rowsOf([0.5, -3], [1.5, -3]);
    expect(encodeSegment(Float64Array.of(7, 2 ** 33), rows, 2, 4)).toEqual(STORED);
    const head = readHead(STORED, STORED.length)!;
    expect(head).toMatchObject({ count: 2, size: 2, width: 4 });
    expect(readSlots(head, STORED.subarray(HEADER, rowsAt(head)))).toEqual(Float64Array.of(7, 2 ** 33));
    for (let row = 0; row < 2; row++) {
      const at = rowsAt(head) + row * rowBytes(2, 4);
      expect(isWhole(STORED.subarray(at, at + rowBytes(2, 4)))).toBe(true);
    }
  });

  it('notices every changed byte', () => {
    for (let at = 0; at < STORED.length; at++) {
      const bytes = Uint8Array.from(STORED);
      bytes[at]! ^= 1;
      const head = readHead(bytes, bytes.length);
      const slots = head === null ? null : readSlots(head, bytes.subarray(HEADER, HEADER + 16));
      const rows = [40, 52].every((start) => isWhole(bytes.subarray(start, start + 12)));
      expect(head !== null && slots !== null && rows, `byte ${at}`).toBe(false);
    }
  });

  it('refuses a file of another length', () => {
    expect(readHead(STORED, STORED.length - 1)).toBeNull();
    expect(readHead(STORED.subarray(0, HEADER - 1), STORED.length)).toBeNull();
  });
});
