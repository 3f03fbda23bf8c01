import { createHash } from 'node:crypto';
import { AncError, type ImageSource } from '@anc/core';
import { grayOfRgb } from '../pixels/gray.js';
import { resizedRegion, type Region } from '../pixels/resize.js';
import { bytesPerImage, type ImageShape } from './memory-images.js';

/** How images are brought to another size: the largest centered part of its proportions, resized; or the center as it is. */
export type Fit = 'resize' | 'crop';

/** Images that are converted at once. */
const CHUNK = 256;

/**
 * Images in another shape. Color becomes gray as in Pillow (ITU-R 601-2 luma), gray is repeated in every channel of color.
 * `resize`: the largest centered part that has the proportions of `shape`, resized (bilinear, antialiased); `crop`: the
 * center, without resizing.
 *
 * @throws `ANC_SHAPE` for other numbers of channels than 1 and 3 that differ, and for a crop that is larger than the images
 */
export class FittedImages implements ImageSource {
  readonly count: number;
  readonly shape: ImageShape;
  readonly fingerprint: string;
  readonly sampleKey?: (index: number) => string;
  readonly #source: ImageSource;
  readonly #region: Region;

  constructor(source: ImageSource, shape: ImageShape, fit: Fit) {
    assertConvertible(source.shape, shape);
    this.#source = source;
    this.#region = fit === 'crop' ? centerOf(source.shape, shape) : largestPart(source.shape, shape);
    this.count = source.count;
    this.shape = shape;
    this.fingerprint = createHash('sha256')
      .update(`fitted:${fit}:${shape.join('x')}:${source.fingerprint}`)
      .digest('hex');
    if (source.sampleKey !== undefined) this.sampleKey = (index) => source.sampleKey!(index);
  }

  async read(indices: Int32Array, out: Uint8Array): Promise<void> {
    for (let start = 0; start < indices.length; start += CHUNK)
      await this.#convert(
        indices.subarray(start, start + CHUNK),
        out.subarray(start * bytesPerImage(this.shape)),
      );
  }

  async #convert(indices: Int32Array, out: Uint8Array): Promise<void> {
    const [height, width, channels] = this.shape;
    const from = this.#source.shape;
    const [size, sized] = [bytesPerImage(from), height * width * from[2]];
    const images = new Uint8Array(indices.length * size);
    await this.#source.read(indices, images);
    const image = new Uint8Array(sized);
    for (let i = 0; i < indices.length; i++) {
      resizedRegion(images.subarray(i * size, (i + 1) * size), from, this.#region, [height, width], image);
      out.set(recolored(image, from[2], channels), i * height * width * channels);
    }
  }
}

/** Pixels with another number of channels. */
function recolored(image: Uint8Array, from: number, to: number): Uint8Array {
  if (from === to) return image;
  return to === 1
    ? grayOfRgb(image)
    : Uint8Array.from({ length: 3 * image.length }, (_, i) => image[Math.floor(i / 3)]!);
}

function assertConvertible([, , from]: ImageShape, [, , to]: ImageShape): void {
  if (from === to || (from === 3 && to === 1) || (from === 1 && to === 3)) return;
  throw new AncError('ANC_SHAPE', `images of ${from} channels cannot be converted.`, {
    expected: `${to} channels, or 1 or 3`,
    received: `${from} channels`,
  });
}

function centerOf([tall, wide]: ImageShape, [height, width]: ImageShape): Region {
  if (tall < height || wide < width) {
    throw new AncError('ANC_SHAPE', 'the images are smaller than the crop.', {
      expected: `at least ${height}×${width} pixels`,
      received: `${tall}×${wide}`,
      hint: 'resize them instead.',
    });
  }
  return { top: (tall - height) >> 1, left: (wide - width) >> 1, height, width };
}

function largestPart([tall, wide]: ImageShape, [height, width]: ImageShape): Region {
  const scale = Math.min(tall / height, wide / width);
  const part = {
    height: Math.max(1, Math.round(height * scale)),
    width: Math.max(1, Math.round(width * scale)),
  };
  return { top: (tall - part.height) >> 1, left: (wide - part.width) >> 1, ...part };
}
