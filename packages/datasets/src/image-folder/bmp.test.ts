import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBmp, isBmp } from './bmp.js';

interface Bitmap {
  bits: number;
  rows: readonly (readonly number[])[];
  width: number;
  height: number;
  palette?: readonly number[];
  compression?: number;
  masks?: readonly number[];
}

/** A bitmap with a header of 40 bytes; `rows` as they lie in the file. */
function bitmap({ bits, rows, width, height, palette = [], compression = 0, masks = [] }: Bitmap): Buffer {
  const header = Buffer.alloc(54);
  header.write('BM', 0, 'latin1');
  header.writeUInt32LE(54 + masks.length * 4 + palette.length, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  header.writeUInt32LE(compression, 30);
  header.writeUInt32LE(palette.length / 4, 46);
  const words = Buffer.alloc(masks.length * 4);
  masks.forEach((mask, i) => words.writeUInt32LE(mask, 4 * i));
  return Buffer.concat([header, words, Buffer.from(palette), ...rows.map((row) => Buffer.from(row))]);
}
const decoded = (bytes: Uint8Array) => {
  const { width, height, channels, data } = decodeBmp(bytes, 1000);
  return { size: [width, height, channels], pixels: [...data] };
};

describe('decodeBmp', () => {
  it('reads 24 bits, from the bottom and from the top', () => {
    const rows = [
      [3, 2, 1, 6, 5, 4, 0, 0],
      [9, 8, 7, 12, 11, 10, 0, 0],
    ];
    const upwards = bitmap({ bits: 24, width: 2, height: 2, rows });
    expect(isBmp(upwards)).toBe(true);
    expect(decoded(upwards)).toEqual({ size: [2, 2, 3], pixels: [7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6] });
    const downwards = bitmap({ bits: 24, width: 2, height: -2, rows });
    expect(decoded(downwards).pixels).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('reads palettes of 8, 4 and 1 bits', () => {
    const palette = [30, 20, 10, 0, 33, 22, 11, 0];
    const [dark, light] = [
      [10, 20, 30],
      [11, 22, 33],
    ];
    const of = (bits: number, row: readonly number[]) =>
      decoded(bitmap({ bits, width: 3, height: 1, palette, rows: [row] })).pixels;
    const expected = [...light, ...dark, ...light];
    expect(of(8, [1, 0, 1, 0])).toEqual(expected);
    expect(of(4, [0x10, 0x10, 0, 0])).toEqual(expected);
    expect(of(1, [0b10100000, 0, 0, 0])).toEqual(expected);
  });

  it('reads 32 bits, with alpha only where the header says so', () => {
    const rows = [[3, 2, 1, 128]];
    expect(decoded(bitmap({ bits: 32, width: 1, height: 1, rows }))).toEqual({
      size: [1, 1, 3],
      pixels: [1, 2, 3],
    });
    const masks = [0xff0000, 0xff00, 0xff, 0xff000000];
    const alpha = bitmap({ bits: 32, width: 1, height: 1, rows, compression: 6, masks });
    expect(decoded(alpha)).toEqual({ size: [1, 1, 4], pixels: [1, 2, 3, 128] });
  });

  it('scales 16 bits to the whole range', () => {
    const rows = [[0xff, 0x7f, 0x10, 0x42]]; // white; 16 of 31 each
    expect(decoded(bitmap({ bits: 16, width: 2, height: 1, rows })).pixels).toEqual([
      255, 255, 255, 131, 131, 131,
    ]);
    const masks = [0xf800, 0x7e0, 0x1f];
    const green = bitmap({ bits: 16, width: 1, height: 1, rows: [[0xe0, 7, 0, 0]], compression: 3, masks });
    expect(decoded(green).pixels).toEqual([0, 255, 0]);
  });

  it.each([
    ['cut short', bitmap({ bits: 24, width: 2, height: 2, rows: [[1, 2, 3]] }), 'cut short'],
    ['huge', bitmap({ bits: 24, width: 2000, height: 2000, rows: [] }), 'too many pixels'],
    ['empty', bitmap({ bits: 24, width: 0, height: 1, rows: [] }), '0×1'],
    [
      'run-length encoded',
      bitmap({ bits: 8, width: 1, height: 1, rows: [[1, 0, 0, 1]], compression: 1 }),
      'run-length',
    ],
    ['without its palette', bitmap({ bits: 8, width: 1, height: 1, rows: [[1, 0, 0, 0]] }), 'palette of 0'],
  ])('refuses files that are %s', (_, bytes, message) => {
    expect(() => decodeBmp(bytes, 1000)).toThrow(message);
  });

  it('decodes or refuses any bytes in a short time', () => {
    const good = bitmap({
      bits: 8,
      width: 3,
      height: 2,
      palette: [1, 2, 3, 0],
      rows: [
        [0, 0, 0, 0],
        [0, 0, 0, 0],
      ],
    });
    fc.assert(
      fc.property(fc.nat(60), fc.uint8Array({ minLength: 1, maxLength: 8 }), (at, noise) => {
        const damaged = Buffer.from(good);
        damaged.set(noise.subarray(0, damaged.length - at), at);
        try {
          decodeBmp(damaged, 1000);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
