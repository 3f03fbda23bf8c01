import { crc32 } from 'node:zlib';

/**
 * A file of cached outputs: `ANCMEMO2`, then 32-bit count, elements per row and bytes per element, then the checksum of
 * the slots, the slots (64-bit floats) and the rows, each followed by its checksum. Checksums are CRC-32. A segment is
 * written as a whole and renamed into place.
 */
const MAGIC = 0x324f4d454d434e41n; // "ANCMEMO2", little-endian
export const HEADER = 24;
/** Largest number of rows of one segment. */
export const MOST_ROWS = 1 << 20;

export interface SegmentHead {
  readonly count: number;
  readonly size: number;
  readonly width: 2 | 4;
  readonly checksum: number;
}

const CHECKSUM = 4;

export const rowsAt = ({ count }: SegmentHead): number => HEADER + 8 * count;
/** Bytes of a row of `size` elements, including its checksum. */
export const rowBytes = (size: number, width: 2 | 4): number => size * width + CHECKSUM;
const segmentBytes = (head: SegmentHead): number =>
  rowsAt(head) + head.count * rowBytes(head.size, head.width);

/** Writes the checksum behind a row's elements. */
export function sealRow(row: Uint8Array): void {
  const end = row.length - CHECKSUM;
  viewOf(row).setUint32(end, crc32(row.subarray(0, end)), true);
}

/** Whether a row has the checksum that `sealRow` wrote. */
export function isWhole(row: Uint8Array): boolean {
  const end = row.length - CHECKSUM;
  return viewOf(row).getUint32(end, true) === crc32(row.subarray(0, end));
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Bytes of a segment. `rows`: one after the other, each with its checksum. */
export function encodeSegment(slots: Float64Array, rows: Uint8Array, size: number, width: 2 | 4): Uint8Array {
  const bytes = new Uint8Array(HEADER + slots.byteLength + rows.byteLength);
  const view = new DataView(bytes.buffer);
  const slotBytes = new Uint8Array(slots.buffer, slots.byteOffset, slots.byteLength);
  view.setBigUint64(0, MAGIC, true);
  view.setUint32(8, slots.length, true);
  view.setUint32(12, size, true);
  view.setUint32(16, width, true);
  view.setUint32(20, crc32(slotBytes), true);
  bytes.set(slotBytes, HEADER);
  bytes.set(rows, HEADER + slots.byteLength);
  return bytes;
}

/** A segment's head, or null if the bytes are no head of a segment of `fileSize` bytes. */
export function readHead(bytes: Uint8Array, fileSize: number): SegmentHead | null {
  if (bytes.length < HEADER) return null;
  const view = viewOf(bytes);
  const width = view.getUint32(16, true);
  if (view.getBigUint64(0, true) !== MAGIC || (width !== 2 && width !== 4)) return null;
  const head = {
    count: view.getUint32(8, true),
    size: view.getUint32(12, true),
    width,
    checksum: view.getUint32(20, true),
  } as const;
  return head.count <= MOST_ROWS && segmentBytes(head) === fileSize ? head : null;
}

/** The slots of a segment, or null if they are damaged. */
export function readSlots(head: SegmentHead, bytes: Uint8Array): Float64Array | null {
  if (bytes.length !== 8 * head.count || crc32(bytes) !== head.checksum) return null;
  return new Float64Array(bytes.slice().buffer);
}
