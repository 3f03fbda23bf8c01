/**
 * Converts images from planes (CHW) to interleaved pixels (HWC): out[i, p, c] = planes[i, c, p].
 *
 * Record i starts at `offset + i * stride` of `planes`.
 */
export function interleave(
  planes: Uint8Array,
  offset: number,
  stride: number,
  count: number,
  pixels: number,
  channels: number,
  out: Uint8Array,
): void {
  if (channels === 3) {
    for (let i = 0, at = 0; i < count; i++) {
      const red = offset + i * stride;
      const [green, blue, end] = [red + pixels, red + 2 * pixels, red + pixels];
      for (let r = red, g = green, b = blue; r < end; r++, g++, b++, at += 3) {
        out[at] = planes[r]!;
        out[at + 1] = planes[g]!;
        out[at + 2] = planes[b]!;
      }
    }
    return;
  }
  for (let i = 0; i < count; i++) {
    const image = i * pixels * channels;
    for (let c = 0; c < channels; c++) {
      const plane = offset + i * stride + c * pixels;
      for (let p = 0, at = image + c; p < pixels; p++, at += channels) out[at] = planes[plane + p]!;
    }
  }
}
