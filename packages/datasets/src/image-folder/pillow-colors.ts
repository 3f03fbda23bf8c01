/**
 * CMYK as RGB without color profiles, as Pillow converts it: the network that is imitated saw such images.
 *
 * @param cmyk bytes, 0..255, with `channels` ≥ 4 per pixel
 * @returns [pixels × 3]
 */
export function rgbOfCmyk(cmyk: Uint8Array, channels: number): Uint8Array {
  const count = cmyk.length / channels;
  const rgb = new Uint8Array(count * 3);
  for (let p = 0; p < count; p++) {
    const light = 255 - cmyk[p * channels + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = cmyk[p * channels + c]! * light + 128;
      rgb[p * 3 + c] = Math.max(0, light - (((product >> 8) + product) >> 8));
    }
  }
  return rgb;
}
