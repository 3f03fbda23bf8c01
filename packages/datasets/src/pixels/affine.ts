import { roundHalfToEven } from './round.js';

/** How a pixel between pixels is computed: the nearest one, or the average of the four around it. */
export type Interpolation = 'nearest' | 'bilinear';

/**
 * Maps an output position to an input position, both relative to the center of the image: x' = a·x + b·y + c,
 * y' = d·x + e·y + f.
 */
export type InverseMatrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export interface AffineParameters {
  /** Clockwise, in degrees. */
  readonly angle: number;
  /** In pixels, to the right and down. */
  readonly translate: readonly [number, number];
  readonly scale: number;
  /** In degrees. */
  readonly shear: readonly [number, number];
  /** The fixed point relative to the center of the image, in pixels; the center itself where left out. */
  readonly center?: readonly [number, number];
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/**
 * The inverse of T · C · R(angle) · S(scale) · Sh(shear) · C⁻¹, with C a translation to the fixed point; torchvision's
 * `_get_inverse_affine_matrix`.
 */
export function inverseAffine({
  angle,
  translate: [tx, ty],
  scale,
  shear,
  center: [cx, cy] = [0, 0],
}: AffineParameters): InverseMatrix {
  const [rotation, shearX, shearY] = [radians(angle), radians(shear[0]), radians(shear[1])];
  const a = Math.cos(rotation - shearY) / Math.cos(shearY);
  const b = -(a * Math.tan(shearX) + Math.sin(rotation));
  const c = Math.sin(rotation - shearY) / Math.cos(shearY);
  const d = Math.cos(rotation) - c * Math.tan(shearX);
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale];
  return [m0, m1, cx - m0 * (cx + tx) - m1 * (cy + ty), m3, m4, cy - m3 * (cx + tx) - m4 * (cy + ty)];
}

const f32 = Math.fround;

/**
 * Resamples an image [H, W, C] by an inverse matrix; what comes from outside of it is black. Positions are computed in
 * single precision as torchvision's tensor kernels do, so that the same pixel is the nearest one.
 */
export function resampleAffine(
  image: Uint8Array,
  [height, width, channels]: readonly [number, number, number],
  matrix: InverseMatrix,
  interpolation: Interpolation,
  out: Uint8Array,
): void {
  const [halfWidth, halfHeight] = [0.5 * width, 0.5 * height];
  // Grid coordinates from -1 to 1.
  const [ax, bx, cx] = [0, 1, 2].map((i) => f32(f32(matrix[i]!) / halfWidth)) as [number, number, number];
  const [ay, by, cy] = [3, 4, 5].map((i) => f32(f32(matrix[i]!) / halfHeight)) as [number, number, number];
  const sample = interpolation === 'nearest' ? copyNearest : averageFour;
  for (let row = 0, at = 0; row < height; row++) {
    const y = row - halfHeight + 0.5;
    for (let column = 0; column < width; column++, at += channels) {
      const x = column - halfWidth + 0.5;
      const gridX = f32(x * ax + y * bx + cx);
      const gridY = f32(x * ay + y * by + cy);
      const fromX = f32(f32(f32(gridX + 1) * halfWidth) - 0.5);
      const fromY = f32(f32(f32(gridY + 1) * halfHeight) - 0.5);
      sample(image, height, width, channels, fromX, fromY, out, at);
    }
  }
}

function copyNearest(
  image: Uint8Array,
  height: number,
  width: number,
  channels: number,
  x: number,
  y: number,
  out: Uint8Array,
  at: number,
): void {
  const [column, row] = [roundHalfToEven(x), roundHalfToEven(y)];
  const isInside = column >= 0 && column < width && row >= 0 && row < height;
  const from = (row * width + column) * channels;
  for (let c = 0; c < channels; c++) out[at + c] = isInside ? image[from + c]! : 0;
}

function averageFour(
  image: Uint8Array,
  height: number,
  width: number,
  channels: number,
  x: number,
  y: number,
  out: Uint8Array,
  at: number,
): void {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, low] = [x - left, y - top];
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let dy = 0; dy < 2; dy++) {
      const row = top + dy;
      if (row < 0 || row >= height) continue;
      for (let dx = 0; dx < 2; dx++) {
        const column = left + dx;
        if (column < 0 || column >= width) continue;
        sum +=
          (dy === 0 ? 1 - low : low) *
          (dx === 0 ? 1 - right : right) *
          image[(row * width + column) * channels + c]!;
      }
    }
    out[at + c] = roundHalfToEven(f32(sum));
  }
}
