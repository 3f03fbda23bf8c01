import { AncError, type ImageAugmentation } from '@anc/core';
import { z } from 'zod';
import { declareAugmentation, idOf } from './declare.js';

/** How far the crop is moved down and to the right of the image, in pixels. */
interface Shift {
  readonly dy: number;
  readonly dx: number;
}

/** Pads with zeros and crops back to size at a random position (He et al. 2016, section 4.2); torchvision's RandomCrop. */
export const crop = declareAugmentation({
  summary: 'pads with black and crops back to size at a random position',
  options: z.strictObject({
    pad: z.int().min(0).default(4).describe('pixels of black on every side; at most the size of the image'),
  }),
  create({ pad }, { shape }): ImageAugmentation<Shift> {
    const [height, width, channels] = shape;
    if (pad > Math.min(height, width)) {
      throw new AncError('ANC_OPTIONS', 'option "pad" of augmentation "crop" is larger than the images.', {
        expected: `at most ${Math.min(height, width)} for images of ${height}×${width} pixels`,
        received: `${pad}`,
        cause: { path: ['pad'] },
      });
    }
    const moves = Array.from({ length: 2 * pad + 1 }, (_, i) => i - pad);
    return {
      id: idOf('crop', { pad }),
      draw: (rng) => ({ dy: rng.int(2 * pad + 1) - pad, dx: rng.int(2 * pad + 1) - pad }),
      apply: (image, shift, out) => shiftImage(image, height, width, channels, shift, out),
      finite: {
        records: moves.flatMap((dy) => moves.map((dx) => ({ dy, dx }))),
        plain: pad * (2 * pad + 1) + pad,
      },
    };
  },
});

/** out[y, x] = image[y + dy, x + dx], zero outside. */
function shiftImage(
  image: Uint8Array,
  height: number,
  width: number,
  channels: number,
  { dy, dx }: Shift,
  out: Uint8Array,
): void {
  out.fill(0);
  const row = width * channels;
  const first = Math.max(0, -dx); // first column of the crop inside the image, and the one after the last
  const last = Math.min(width, width - dx);
  const length = (last - first) * channels;
  for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
    let from = (y + dy) * row + (first + dx) * channels;
    // Plain loops: creating views of the arrays would cost more than copying the bytes of a row.
    for (let to = y * row + first * channels, end = to + length; to < end; to++) out[to] = image[from++]!;
  }
}
