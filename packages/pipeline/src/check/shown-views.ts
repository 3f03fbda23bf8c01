/**
 * Images [N, H, W, C] as they are, mirrored, moved down and moved right by a sixteenth, edges repeated: views
 * under which a classifier's answer should stay.
 */
export function* shownViews(
  images: Uint8Array,
  [height, width, channels]: readonly [number, number, number],
): Generator<Uint8Array> {
  yield images;
  yield mapped(images, height, width, channels, (y, x) => y * width + width - 1 - x);
  const [down, right] = [Math.max(1, height >> 4), Math.max(1, width >> 4)];
  yield mapped(images, height, width, channels, (y, x) => Math.max(0, y - down) * width + x);
  yield mapped(images, height, width, channels, (y, x) => y * width + Math.max(0, x - right));
}

function mapped(
  images: Uint8Array,
  height: number,
  width: number,
  channels: number,
  from: (y: number, x: number) => number,
): Uint8Array {
  const out = new Uint8Array(images.length);
  const size = height * width * channels;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [to, source] = [(y * width + x) * channels, from(y, x) * channels];
      for (let image = 0; image < images.length; image += size) {
        for (let c = 0; c < channels; c++) out[image + to + c] = images[image + source + c]!;
      }
    }
  }
  return out;
}
