import { corrupt } from '../files/data-error.js';

/** Labels as class indices. Throws `ANC_DATA_CORRUPT` naming the first one that is out of range. */
export function checkedLabels(file: string, values: ArrayLike<number>, classes: number): Int32Array {
  const labels = Int32Array.from(values);
  const wrong = labels.findIndex((label) => label < 0 || label >= classes);
  if (wrong >= 0) {
    throw corrupt(file, `label ${wrong} is out of range`, `0 to ${classes - 1}`, `${labels[wrong]}`);
  }
  return labels;
}
