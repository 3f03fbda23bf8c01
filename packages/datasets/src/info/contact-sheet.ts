import type { ImageSource } from '@anc/core';
import { encode } from 'fast-png';
import { bytesPerImage } from '../images/memory-images.js';

const GAP = 2;

/**
 * A sheet of `columns` × `rows` images spread evenly over the source, as a PNG file. Without labels no class is
 * known, so the spread is over the source's order.
 */
export async function contactSheet(source: ImageSource, columns = 16, rows = 10): Promise<Uint8Array> {
  const [height, width, channels] = source.shape;
  const count = Math.min(columns * rows, source.count);
  const indices = Int32Array.from({ length: count }, (_, i) => Math.floor((i * source.count) / count));
  const bytes = new Uint8Array(count * bytesPerImage(source.shape));
  await source.read(indices, bytes);
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
