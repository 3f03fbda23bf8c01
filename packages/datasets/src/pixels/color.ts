/** Shape of an image, [H, W, C]. */
type Shape = readonly [number, number, number];

const f32 = Math.fround;

/** Cut off, not rounded, as torchvision converts to bytes. */
const toByte = (value: number): number => (value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value));

const [RED, GREEN, BLUE] = [f32(0.2989), f32(0.587), f32(0.114)];

/** Luma of a pixel at `i` of an RGB image, before it is cut off to a whole number. */
const luma = (image: Uint8Array, i: number): number =>
  f32(f32(f32(image[i]! * RED) + image[i + 1]! * GREEN) + image[i + 2]! * BLUE);

/** Luma in all three channels; images of another number of channels are copied. */
export function grayscale(image: Uint8Array, [, , channels]: Shape, out: Uint8Array): void {
  if (channels !== 3) {
    out.set(image);
    return;
  }
  for (let i = 0; i < image.length; i += 3) out[i] = out[i + 1] = out[i + 2] = Math.floor(luma(image, i));
}

/** Multiplies by `factor` ≥ 0. */
export function adjustBrightness(image: Uint8Array, _shape: Shape, factor: number, out: Uint8Array): void {
  applyTable(
    image,
    tableOf((value) => f32(value * f32(factor))),
    out,
  );
}

/** Blends with the mean luma: factor 0 gives gray, 1 the image. */
export function adjustContrast(
  image: Uint8Array,
  [, , channels]: Shape,
  factor: number,
  out: Uint8Array,
): void {
  let sum = 0;
  if (channels === 3) for (let i = 0; i < image.length; i += 3) sum += Math.floor(luma(image, i));
  else for (const value of image) sum += value;
  const mean = f32(sum / (channels === 3 ? image.length / 3 : image.length));
  const rest = f32(f32(1 - factor) * mean);
  applyTable(
    image,
    tableOf((value) => f32(f32(value * f32(factor)) + rest)),
    out,
  );
}

/** Blends every pixel with its luma: factor 0 gives gray, 1 the image; images without color are copied. */
export function adjustSaturation(
  image: Uint8Array,
  [, , channels]: Shape,
  factor: number,
  out: Uint8Array,
): void {
  if (channels !== 3) {
    out.set(image);
    return;
  }
  const [own, other] = [f32(factor), f32(1 - factor)];
  for (let i = 0; i < image.length; i += 3) {
    const gray = other * Math.floor(luma(image, i));
    for (let c = 0; c < 3; c++) out[i + c] = toByte(f32(f32(image[i + c]! * own) + gray));
  }
}

/** The table of a function of byte values. */
export const tableOf = (of: (value: number) => number): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, value) => toByte(of(value)));

export function applyTable(image: Uint8Array, table: Uint8Array, out: Uint8Array): void {
  for (let i = 0; i < image.length; i++) out[i] = table[image[i]!]!;
}
