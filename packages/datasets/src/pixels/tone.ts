import { applyTable, tableOf } from './color.js';

type Shape = readonly [number, number, number];

const f32 = Math.fround;

/** Keeps the highest `bits` of every value, 0 to 8. */
export function posterize(image: Uint8Array, _shape: Shape, bits: number, out: Uint8Array): void {
  const mask = (0xff << (8 - bits)) & 0xff;
  for (let i = 0; i < image.length; i++) out[i] = image[i]! & mask;
}

/** Inverts values of at least `threshold`, 0 to 255. */
export function solarize(image: Uint8Array, _shape: Shape, threshold: number, out: Uint8Array): void {
  const least = f32(threshold); // 85 is at least a third of 255
  for (let i = 0; i < image.length; i++) out[i] = image[i]! >= least ? 255 - image[i]! : image[i]!;
}

/** Stretches every channel to 0…255; one of a single value stays. */
export function autoContrast(image: Uint8Array, [, , channels]: Shape, out: Uint8Array): void {
  perChannel(image, channels, out, (values) => {
    const [low, high] = [values.indexOf(1), values.lastIndexOf(1)];
    const scale = f32((high - low) * f32(1 / 255));
    return high === low ? null : tableOf((value) => f32((value - low) / scale));
  });
}

/** Spreads every channel's values evenly, as Pillow does; one whose histogram has no step of a pixel stays. */
export function equalize(image: Uint8Array, [, , channels]: Shape, out: Uint8Array): void {
  perChannel(image, channels, out, (_, histogram) => {
    const last = histogram.findLastIndex((count) => count > 0);
    const total = image.length / channels;
    const step = Math.floor((total - histogram[last]!) / 255);
    if (step === 0) return null;
    let before = 0;
    return Uint8Array.from(histogram, (count) => {
      const level = Math.min(255, Math.floor((before + (step >> 1)) / step));
      before += count;
      return level;
    });
  });
}

/** Applies a table to each channel, which is made from the values that occur (1) and how often they do. */
function perChannel(
  image: Uint8Array,
  channels: number,
  out: Uint8Array,
  tableFor: (occurring: Uint8Array, histogram: Uint32Array) => Uint8Array | null,
): void {
  for (let c = 0; c < channels; c++) {
    const histogram = new Uint32Array(256);
    for (let i = c; i < image.length; i += channels) histogram[image[i]!]!++;
    const table = tableFor(
      Uint8Array.from(histogram, (count) => (count > 0 ? 1 : 0)),
      histogram,
    );
    if (channels === 1 && table !== null) {
      applyTable(image, table, out);
      return;
    }
    for (let i = c; i < image.length; i += channels) out[i] = table?.[image[i]!] ?? image[i]!;
  }
}
