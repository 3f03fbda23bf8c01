/** RGB as gray: ITU-R 601-2 luma in fixed point, as Pillow's mode L. [pixels × 3] -> [pixels]. */
export function grayOfRgb(rgb: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: rgb.length / 3 }, (_, p) => {
    const [red, green, blue] = [rgb[3 * p]!, rgb[3 * p + 1]!, rgb[3 * p + 2]!];
    return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
  });
}
