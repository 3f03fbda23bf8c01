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

/** Small pictures side by side, as a PNG file. */
export interface Thumbnails {
  /** The file. */
  readonly png: Uint8Array;
  /** Pictures in a row. */
  readonly columns: number;
  /** Height and width of a picture in pixels. */
  readonly tile: readonly [number, number];
  /** Pixels around each picture. */
  readonly gap: number;
}

/**
 * Pictures of a source in the order of `indices`, reduced by a whole factor to at most `most` pixels a side: means of
 * blocks of pixels.
 *
 * @param views view of each picture, of `images`; default: the pictures as they are.
 */
export async function thumbnails(
  images: ImageSource | (ImageViews & Pick<ImageSource, 'shape'>),
  indices: Int32Array,
  { columns, most, views }: { readonly columns: number; readonly most: number; readonly views?: Int32Array },
): Promise<Thumbnails> {
  const { shape } = images;
  const size = bytesPerImage(shape);
  const [height, width, channels] = shape;
  const factor = Math.max(1, Math.ceil(Math.max(height, width) / most));
  const tile = [Math.max(1, Math.floor(height / factor)), Math.max(1, Math.floor(width / factor))] as const;
  const small = new Uint8Array(indices.length * tile[0] * tile[1] * channels);
  const whole = new Uint8Array(size);
  for (let i = 0; i < indices.length; i++) {
    const index = indices.subarray(i, i + 1);
    if ('count' in images) await images.read(index, whole);
    else await images.read(index, views!.subarray(i, i + 1), whole);
    reduce(whole, shape, factor, tile, small.subarray(i * tile[0] * tile[1] * channels));
  }
  return { png: sheetOf(small, [...tile, channels], indices.length, columns), columns, tile, gap: GAP };
}

/** Means of blocks of `factor` × `factor` pixels. */
function reduce(
  image: Uint8Array,
  [, width, channels]: ImageSource['shape'],
  factor: number,
  [tall, wide]: readonly [number, number],
  out: Uint8Array,
): void {
  for (let y = 0, at = 0; y < tall; y++) {
    for (let x = 0; x < wide; x++) {
      for (let c = 0; c < channels; c++, at++) {
        let sum = 0;
        for (let i = 0; i < factor; i++)
          for (let j = 0; j < factor; j++)
            sum += image[((y * factor + i) * width + x * factor + j) * channels + c]!;
        out[at] = Math.round(sum / (factor * factor));
      }
    }
  }
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
