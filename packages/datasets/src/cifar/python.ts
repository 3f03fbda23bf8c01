import { NumpyArray, unpickleNumpy } from '@anc/formats';
import { corrupt } from '../files/data-error.js';
import type { CifarPart } from './binary.js';
import { interleave } from './planes.js';

const PIXELS = 32 * 32;
const IMAGE = 3 * PIXELS;

/**
 * Reads one batch file of CIFAR's Python archives: a pickled dictionary with `data`, [count, 3072] bytes in planes, and
 * a list of labels under `labelKey`.
 * @param allocate returns the memory for the images
 * @throws `ANC_DATA_CORRUPT` for any other content
 */
export function parseCifarPython(
  file: string,
  bytes: Uint8Array,
  labelKey: string,
  count: number,
  allocate: (length: number) => Uint8Array = (length) => new Uint8Array(length),
): CifarPart {
  const batch = unpickleNumpy(bytes, (why) =>
    corrupt(file, 'not a pickle of plain data', 'numbers, text, lists, dictionaries and NumPy arrays', why),
  );
  const data = batch.get('data');
  const labels = batch.get(labelKey);
  if (
    !(data instanceof NumpyArray) ||
    data.dtype !== 'u1' ||
    data.shape.join() !== `${count},${IMAGE}` ||
    data.data.length !== count * IMAGE
  ) {
    const received =
      data instanceof NumpyArray
        ? `[${data.shape.join(', ')}] ${data.dtype}, ${data.data.length} bytes`
        : 'no array';
    throw corrupt(file, 'wrong array "data"', `[${count}, ${IMAGE}] u1`, received);
  }
  const isLabel = (label: unknown): label is number =>
    Number.isInteger(label) && Number(label) >= 0 && Number(label) < 256;
  if (!Array.isArray(labels) || labels.length !== count || !labels.every(isLabel)) {
    throw corrupt(
      file,
      `wrong list "${labelKey}"`,
      `${count} labels`,
      !Array.isArray(labels)
        ? 'no list'
        : labels.length === count
          ? `the label ${String(labels.find((label) => !isLabel(label)))}`
          : `${labels.length}`,
    );
  }
  const images = allocate(count * IMAGE);
  interleave(data.data, 0, IMAGE, count, PIXELS, 3, images);
  return { images, labels: Uint8Array.from(labels) };
}
