import { AncError, Rng, type Augmentation } from '@anc/core';
import { z } from 'zod';

/** Images as they are. */
export const noAugmentation: Augmentation = {
  id: 'none',
  views: 1,
  render: (image, _shape, _view, out) => out.set(image),
};

export const padCropFlipOptions = z.strictObject({
  pad: z.int().min(0).max(32).default(4).describe('pixels of zeros around the image before the crop'),
  flip: z.boolean().default(true).describe('mirror half of the draws left to right'),
  views: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'draw from this many fixed views, so that remembered teacher outputs are hit; null: all of them',
    ),
});
export type PadCropFlipOptions = z.input<typeof padCropFlipOptions>;

interface Crop {
  readonly dy: number;
  readonly dx: number;
  readonly mirrored: boolean;
}

/**
 * Pads with zeros, crops back to size at a random place and flips (He et al. 2016, section 4.2).
 *
 * There are (2·pad + 1)² · 2 views, view 0 being the plain image; with `views: K` only the first K of
 * them in a fixed shuffled order, the plain one included. Each view is equally likely.
 */
export function padCropFlip(options: PadCropFlipOptions = {}): Augmentation {
  const { pad, flip, views } = padCropFlipOptions.parse(options);
  const crops = allCrops(pad, flip);
  if (views !== null && views > crops.length) {
    throw new AncError('ANC_CONFIG', 'more views asked for than there are.', {
      expected: `views from 1 to ${crops.length} with pad ${pad}${flip ? ' and flip' : ''}`,
      received: `${views}`,
    });
  }
  const chosen = views === null ? crops : crops.slice(0, views);
  return {
    id: `pad-crop-flip(pad=${pad},flip=${flip},views=${chosen.length})`,
    views: chosen.length,
    render(image, [height, width, channels], view, out) {
      const crop = chosen[view];
      if (crop === undefined) {
        throw new AncError('ANC_DATA_VIEW', 'no such view.', {
          expected: `0 to ${chosen.length - 1}`,
          received: `${view}`,
        });
      }
      renderCrop(image, height, width, channels, crop, out);
    },
  };
}

function allCrops(pad: number, flip: boolean): readonly Crop[] {
  const crops: Crop[] = [];
  for (const mirrored of flip ? [false, true] : [false]) {
    for (let dy = -pad; dy <= pad; dy++)
      for (let dx = -pad; dx <= pad; dx++) crops.push({ dy, dx, mirrored });
  }
  const plain = crops.findIndex(({ dy, dx, mirrored }) => dy === 0 && dx === 0 && !mirrored);
  const others = crops.filter((_, i) => i !== plain);
  // A fixed order, the same for every run: which views K keeps is part of the augmentation's identity.
  const order = Rng.fromSeed(0).split('pad-crop-flip', pad, String(flip)).permutation(others.length);
  return [crops[plain]!, ...Array.from(order, (i) => others[i]!)];
}

/** out[y, x] = padded[y + dy, (mirrored ? W-1-x : x) + dx], zero outside. */
function renderCrop(
  image: Uint8Array,
  height: number,
  width: number,
  channels: number,
  { dy, dx, mirrored }: Crop,
  out: Uint8Array,
): void {
  out.fill(0);
  const row = width * channels;
  const first = Math.max(0, -dx); // first and last + 1 column of the crop that lie inside the image
  const last = Math.min(width, width - dx);
  if (last <= first) return; // all padding
  const length = (last - first) * channels;
  for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
    let from = (y + dy) * row + (first + dx) * channels;
    if (!mirrored) {
      // Plain loops: views of the arrays would cost more than the bytes of a row.
      for (let to = y * row + first * channels, end = to + length; to < end; to++) out[to] = image[from++]!;
      continue;
    }
    const start = from;
    for (let to = y * row + (width - 1 - first) * channels; from < start + length; to -= channels) {
      for (let c = 0; c < channels; c++) out[to + c] = image[from++]!;
    }
  }
}
