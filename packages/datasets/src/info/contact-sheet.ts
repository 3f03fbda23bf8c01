import type { ImageSource, ImageViews } from '@anc/core';
import { encode } from 'fast-png';
import { bytesPerImage } from '../images/memory-images.js';

const GAP = 2;

/** `count` indices, spread evenly over a source. */
const spread = (count: number, source: ImageSource): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => Math.floor((i * source.count) / count));

/**
 * A contact sheet of `columns` × `rows` images, spread evenly over the source, as a PNG file. It works without labels,
 * so the images are spread over the source's order, not over classes.
 */
export async function contactSheet(source: ImageSource, columns = 16, rows = 10): Promise<Uint8Array> {
  const count = Math.min(columns * rows, source.count);
  const bytes = new Uint8Array(count * bytesPerImage(source.shape));
  await source.read(spread(count, source), bytes);
  return sheetOf(bytes, source.shape, count, columns);
}

/** A contact sheet with the first `columns` views of an image in each row, the plain image first, as a PNG file. */
export async function viewsSheet(
  source: ImageSource,
  images: ImageViews,
  columns = 10,
  rows = 8,
): Promise<Uint8Array> {
  const shown = spread(Math.min(rows, source.count), source);
  const count = shown.length * columns;
  const bytes = new Uint8Array(count * bytesPerImage(source.shape));
  const indices = Int32Array.from({ length: count }, (_, i) => shown[Math.floor(i / columns)]!);
  const views = Int32Array.from({ length: count }, (_, i) => i % columns);
  await images.read(indices, views, bytes);
  return sheetOf(bytes, source.shape, count, columns);
}

/**
 * A sheet of images that a network made, as a PNG file.
 *
 * @param images [n, H, W, C] in units of bytes, rounded and cut off here.
 */
export function generatedSheet(
  { shape, data }: { readonly shape: readonly number[]; readonly data: ArrayLike<number> },
  columns = 6,
): Uint8Array {
  const [count, ...image] = shape as [number, number, number, number];
  const bytes = Uint8Array.from(data, (value) => Math.min(255, Math.max(0, Math.round(value))));
  return sheetOf(bytes, image, count, columns);
}

/** Images [count, H, W, C] in rows of `columns`. */
function sheetOf(
  bytes: Uint8Array,
  [height, width, channels]: ImageSource['shape'],
  count: number,
  columns: number,
): Uint8Array {
  const across = Math.min(columns, Math.max(1, count));
  const down = Math.max(1, Math.ceil(count / across));
  const sheetWidth = across * (width + GAP) + GAP;
  const sheetHeight = down * (height + GAP) + GAP;
  const sheet = new Uint8Array(sheetWidth * sheetHeight * channels).fill(255);
  for (let i = 0; i < count; i++) {
    const left = GAP + (i % across) * (width + GAP);
    const top = GAP + Math.floor(i / across) * (height + GAP);
    for (let y = 0; y < height; y++) {
      const row = (i * height + y) * width * channels;
      sheet.set(bytes.subarray(row, row + width * channels), ((top + y) * sheetWidth + left) * channels);
    }
  }
  return encode({ width: sheetWidth, height: sheetHeight, data: sheet, channels, depth: 8 });
}
