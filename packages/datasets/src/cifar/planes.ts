/**
 * Images stored plane by plane (CHW) into interleaved pixels (HWC): out[i, p, c] = planes[i, c, p].
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
  for (let i = 0; i < count; i++) {
    const image = i * pixels * channels;
    for (let c = 0; c < channels; c++) {
      const plane = offset + i * stride + c * pixels;
      for (let p = 0, at = image + c; p < pixels; p++, at += channels) out[at] = planes[plane + p]!;
    }
  }
}
