import { corrupt } from '../files/data-error.js';

/** An IDX array of bytes: the format of MNIST and its successors. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Bytes of the header of an IDX file of `rank` dimensions. */
export const idxHeader = (rank: number): number => 4 + 4 * rank;

/**
 * Reads an IDX file of unsigned bytes: 0, 0, type 8, rank, then the sizes (32-bit, big-endian), then the data.
 * The data is a view of `bytes`, not a copy. Throws `ANC_DATA_CORRUPT` on another magic number or where the
 * file's length is not what its header says.
 */
export function parseIdx(file: string, bytes: Uint8Array): IdxArray {
  const magic = [...bytes.subarray(0, 4)];
  const rank = magic[3] ?? 0;
  if (bytes.length < 4 || magic[0] !== 0 || magic[1] !== 0 || magic[2] !== 8 || rank < 1 || rank > 4) {
    throw corrupt(
      file,
      'not an IDX file of bytes',
      '00 00 08 and a rank of 1 to 4',
      hex(magic) || 'no bytes',
    );
  }
  if (bytes.length < idxHeader(rank)) {
    throw corrupt(file, 'cut short', `a header of ${idxHeader(rank)} bytes`, `${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((a, b) => a * b, 1);
  const data = bytes.subarray(idxHeader(rank));
  if (data.length !== size) {
    throw corrupt(
      file,
      'its length is not what its header says',
      `${size} bytes of data ([${shape.join(', ')}])`,
      `${data.length}`,
    );
  }
  return { shape, data };
}

const hex = (bytes: readonly number[]): string => bytes.map((b) => b.toString(16).padStart(2, '0')).join(' ');
