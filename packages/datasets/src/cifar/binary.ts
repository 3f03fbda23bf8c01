import { corrupt } from '../files/data-error.js';
import { interleave } from './planes.js';

const PIXELS = 32 * 32;
const IMAGE = 3 * PIXELS;

/** Images [count, 32, 32, 3] and one label byte each. */
export interface CifarPart {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * Reads CIFAR's binary layout: per record `labelBytes` bytes (CIFAR-100: coarse, then fine), then 3,072 bytes of
 * red, green and blue planes. `label` says which of the label bytes is kept.
 * `allocate` gives the memory for the images. Throws `ANC_DATA_CORRUPT` where the file is empty, not a whole number of records, or not `count` of them.
 */
export function parseCifarBinary(
  file: string,
  bytes: Uint8Array,
  labelBytes: number,
  label: number,
  count: number | null = null,
  allocate: (length: number) => Uint8Array = (length) => new Uint8Array(length),
): CifarPart {
  const record = labelBytes + IMAGE;
  const records = Math.floor(bytes.length / record);
  if (records === 0 || records * record !== bytes.length || (count !== null && records !== count)) {
    throw corrupt(
      file,
      'wrong length',
      count === null
        ? `records of ${record} bytes`
        : `${count} records of ${record} bytes: ${count * record}`,
      `${bytes.length} bytes`,
    );
  }
  const images = allocate(records * IMAGE);
  interleave(bytes, labelBytes, record, records, PIXELS, 3, images);
  const labels = Uint8Array.from({ length: records }, (_, i) => bytes[i * record + label]!);
  return { images, labels };
}
