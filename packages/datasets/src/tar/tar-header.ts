import { corrupt } from '../files/data-error.js';

export const BLOCK = 512;

/** One entry's header (POSIX ustar, GNU). */
export interface TarHeader {
  readonly name: string;
  readonly size: number;
  /** `0`: a file; `5`: a folder; `L` and `x`: a long name for the next entry; … */
  readonly type: string;
}

const text = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
};

/** Reads a header block; null for the zeros at an archive's end. Throws `ANC_DATA_CORRUPT` where it is none. */
export function parseTarHeader(file: string, block: Uint8Array, at: number): TarHeader | null {
  if (block.length < BLOCK) {
    throw corrupt(file, 'cut short', `a header of ${BLOCK} bytes at ${at}`, `${block.length} bytes`);
  }
  if (block.every((byte) => byte === 0)) return null;
  const claimed = Number.parseInt(text(block.subarray(148, 156)).trim(), 8);
  let sum = 8 * 32; // the checksum's own place counts as spaces
  block.forEach((byte, i) => (sum += i < 148 || i >= 156 ? byte : 0));
  if (claimed !== sum) {
    throw corrupt(
      file,
      'not a tar archive, or damaged',
      `a header with checksum ${sum} at byte ${at}`,
      `${claimed}`,
    );
  }
  const prefix = text(block.subarray(257, 262)) === 'ustar' ? text(block.subarray(345, 500)) : '';
  const name = text(block.subarray(0, 100));
  const type = String.fromCharCode(block[156]!);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: sizeOf(file, block.subarray(124, 136), at),
    type: type === '\0' ? '0' : type,
  };
}

/** Octal digits, or GNU's base 256 where the first bit is set. */
function sizeOf(file: string, field: Uint8Array, at: number): number {
  const size =
    (field[0]! & 0x80) === 0
      ? Number.parseInt(text(field).trim() || '0', 8)
      : field.subarray(1).reduce((value, byte) => value * 256 + byte, field[0]! & 0x7f);
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw corrupt(file, 'a tar header with a wrong size', `a whole number at byte ${at}`, `${size}`);
}
