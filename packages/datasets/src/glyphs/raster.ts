import type { Stroke } from './shapes.js';

/** Half the width of a stroke, and the width of its soft edge, in pixels. */
export interface Pen {
  readonly halfWidth: number;
  readonly softness: number;
}

/**
 * Draws strokes in pixel coordinates (pixel centers at integers) into `coverage` [size × size], 0..1. Each pixel keeps
 * the maximum over all segments, so that crossings are not darker.
 */
export function drawStrokes(
  coverage: Float32Array,
  size: number,
  strokes: readonly Stroke[],
  pen: Pen,
): void {
  for (const stroke of strokes) {
    for (let i = 0; i + 3 < stroke.length; i += 2) {
      drawSegment(coverage, size, stroke[i]!, stroke[i + 1]!, stroke[i + 2]!, stroke[i + 3]!, pen);
    }
  }
}

function drawSegment(
  coverage: Float32Array,
  size: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  { halfWidth, softness }: Pen,
): void {
  const reach = halfWidth + softness / 2;
  const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
  const right = Math.min(size - 1, Math.floor(Math.max(x0, x1) + reach));
  const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
  const bottom = Math.min(size - 1, Math.floor(Math.max(y0, y1) + reach));
  const [dx, dy] = [x1 - x0, y1 - y0];
  const lengthSquared = dx * dx + dy * dy || 1; // a segment of length zero is a dot
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / lengthSquared));
      const [ex, ey] = [x - x0 - along * dx, y - y0 - along * dy];
      const covered = Math.min(1, 0.5 + (halfWidth - Math.sqrt(ex * ex + ey * ey)) / softness);
      const at = y * size + x;
      if (covered > coverage[at]!) coverage[at] = covered;
    }
  }
}
