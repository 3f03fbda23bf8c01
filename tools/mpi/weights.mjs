/** Comparison of two files of weights. */
import { readFileSync } from 'node:fs';
import { decodeSafetensors } from '../../packages/formats/dist/index.js';

const read = (path) => decodeSafetensors(readFileSync(path)).tensors;

/** Largest difference of two numbers in the same place. */
export function largestDifference(one, other) {
  const [a, b] = [read(one), read(other)];
  let largest = 0;
  for (const [name, { data }] of Object.entries(a)) {
    for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i] - b[name].data[i]));
  }
  return largest;
}
