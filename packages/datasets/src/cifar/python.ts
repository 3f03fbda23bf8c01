import { corrupt } from '../data-error.js';
import type { CifarPart } from './binary.js';
import { PickledArray, unpickle } from './pickle.js';
import { interleave } from './planes.js';

const PIXELS = 32 * 32;
const IMAGE = 3 * PIXELS;

/**
 * Reads one batch file of CIFAR's python archives: a pickled dictionary with `data`, [count, 3072] bytes in
 * planes, and a list of labels under `labelKey`. Throws `ANC_DATA_CORRUPT` on any other content.
 */
export function parseCifarPython(
  file: string,
  bytes: Uint8Array,
  labelKey: string,
  count: number,
  allocate: (length: number) => Uint8Array = (length) => new Uint8Array(length),
): CifarPart {
  const batch = unpickle(file, bytes);
  const data = batch.get('data');
  const labels = batch.get(labelKey);
  if (
    !(data instanceof PickledArray) ||
    data.dtype !== 'u1' ||
    data.shape.join() !== `${count},${IMAGE}` ||
    data.data.length !== count * IMAGE
  ) {
    const received =
      data instanceof PickledArray
        ? `[${data.shape.join(', ')}] ${data.dtype}, ${data.data.length} bytes`
        : 'no array';
    throw corrupt(file, 'wrong array "data"', `[${count}, ${IMAGE}] u1`, received);
  }
  const isLabel = (label: unknown): label is number => typeof label === 'number' && label >= 0 && label < 256;
  if (!Array.isArray(labels) || labels.length !== count || !labels.every(isLabel)) {
    throw corrupt(
      file,
      `wrong list "${labelKey}"`,
      `${count} labels`,
      Array.isArray(labels) ? `${labels.length}` : 'no list',
    );
  }
  const images = allocate(count * IMAGE);
  interleave(data.data, 0, IMAGE, count, PIXELS, 3, images);
  return { images, labels: Uint8Array.from(labels) };
}
