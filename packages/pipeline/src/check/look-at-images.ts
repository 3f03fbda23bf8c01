import { createHash } from 'node:crypto';
import type { Warning } from './diagnose.js';

/** Deviation of the bytes below which a picture shows nothing. */
const FLAT = 2;

/** What is odd about images, by their bytes [N, H, W, C] alone. */
export function lookAtImages(images: Uint8Array, size: number): Warning[] {
  const count = images.length / size;
  const seen = new Set<string>();
  let flat = 0;
  for (let at = 0; at < images.length; at += size) {
    const image = images.subarray(at, at + size);
    seen.add(createHash('sha1').update(image).digest('base64'));
    if (deviation(image) < FLAT) flat++;
  }
  const warnings: Warning[] = [];
  const copies = count - seen.size;
  if (copies > 0.02 * count) {
    warnings.push({ code: 'duplicates', message: `${copies} of ${count} images are copies of others.` });
  }
  if (flat > 0.02 * count) {
    warnings.push({ code: 'flat-images', message: `${flat} of ${count} images show one even color.` });
  }
  return warnings;
}

function deviation(bytes: Uint8Array): number {
  let [sum, squares] = [0, 0];
  for (const byte of bytes) {
    sum += byte;
    squares += byte * byte;
  }
  const mean = sum / bytes.length;
  return Math.sqrt(Math.max(0, squares / bytes.length - mean * mean));
}
