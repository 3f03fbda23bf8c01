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
 * Reads CIFAR's binary layout: per record `labelBytes` bytes (CIFAR-100: coarse, then fine), then 3,072 bytes of red,
 * green and blue planes.
 *
 * @param label index of the label byte that is used.
 * @param count number of records; null if it is not known.
 * @param allocate returns the memory for the images.
 * @throws `ANC_DATA_CORRUPT` if the file is empty, no whole number of records, or not `count` of them.
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
