import { encode } from 'fast-png';

/** An image as a PNG file. pixels: bytes [H, W, C] with one channel (gray) or three. */
export const encodePng = (
  pixels: Uint8Array,
  [height, width, channels]: readonly [number, number, number],
): Uint8Array => encode({ width, height, data: pixels, channels: channels === 1 ? 1 : 3, depth: 8 });
