import { encode } from 'fast-png';
import { drawText, LETTER } from './letters.js';

/** Images of one shape, each with a line of text. */
export interface CaptionedImages {
  /** Bytes [N, H, W, C]. */
  readonly images: Uint8Array;
  /** [H, W, C] of every image. */
  readonly shape: readonly [number, number, number];
  /** A line under each image, cut to the width of the image. */
  readonly captions: readonly string[];
}

const GAP = 4;
/** Small images are enlarged to about this many pixels, so that captions fit. */
const TILE = 96;

/** A contact sheet of images with a line of text under each, `columns` in a row, as a PNG file. */
export function captionedContactSheet(
  { images, shape, captions }: CaptionedImages,
  columns = 10,
): Uint8Array {
  const [height, width, channels] = shape;
  const scale = Math.max(1, Math.floor(TILE / width));
  const [tileWidth, tileHeight] = [width * scale, height * scale + LETTER.height + 2];
  const across = Math.min(columns, Math.max(1, captions.length));
  const down = Math.max(1, Math.ceil(captions.length / across));
  const [sheetWidth, sheetHeight] = [across, down].map(
    (n, axis) => n * ((axis === 0 ? tileWidth : tileHeight) + GAP) + GAP,
  ) as [number, number];
  const sheet = new Uint8Array(sheetWidth * sheetHeight * 3).fill(255);
  captions.forEach((caption, i) => {
    const left = GAP + (i % across) * (tileWidth + GAP);
    const top = GAP + Math.floor(i / across) * (tileHeight + GAP);
    for (let y = 0; y < height * scale; y++) {
      for (let x = 0; x < tileWidth; x++) {
        const from = ((i * height + Math.floor(y / scale)) * width + Math.floor(x / scale)) * channels;
        const to = ((top + y) * sheetWidth + left + x) * 3;
        for (let c = 0; c < 3; c++) sheet[to + c] = images[from + (channels === 3 ? c : 0)]!;
      }
    }
    const baseline = top + height * scale + 2;
    drawText(caption.slice(0, Math.floor(tileWidth / LETTER.width)), (x, y) => {
      sheet.fill(
        0,
        ((baseline + y) * sheetWidth + left + x) * 3,
        ((baseline + y) * sheetWidth + left + x + 1) * 3,
      );
    });
  });
  return encode({ width: sheetWidth, height: sheetHeight, data: sheet, channels: 3, depth: 8 });
}
