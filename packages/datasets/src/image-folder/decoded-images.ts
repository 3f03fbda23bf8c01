import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Rng, type DecodedViews, type ImageSource, type ImageViews } from '@anc/core';
import { bytesPerImage, indexError, type ImageShape } from '../images/memory-images.js';
import { decodeImageBytes, type Crop, type FlippedCrops } from './decode.js';
import type { EncodedImages } from './encoded-images.js';
import { RememberedPixels } from './remembered-pixels.js';

/** Distribution of random crops, of which each image has `views` fixed ones. */
export interface CropOptions extends FlippedCrops {
  readonly views: number;
  readonly seed: number;
}

/** Images that are decoded at once: enough to keep every core busy, and few enough to bound memory. */
const IN_FLIGHT = 2 * availableParallelism();

/**
 * Images that are decoded when they are read. Where all of them fit into 256 MiB, they are decoded once, but for random
 * crops, which are made while decoding; else memory holds their list and one batch.
 */
export class DecodedImages implements ImageSource {
  readonly count: number;
  readonly shape: ImageShape;
  readonly fingerprint: string;
  readonly crops: DecodedViews;
  readonly #encoded: EncodedImages;
  readonly #remembered: RememberedPixels;

  constructor(encoded: EncodedImages, shape: ImageShape, crops: CropOptions) {
    this.#encoded = encoded;
    this.count = encoded.count;
    this.shape = shape;
    this.#remembered = new RememberedPixels(encoded.count, bytesPerImage(shape));
    // Gray is luma: other pixels than those of versions that converted colors otherwise. So are those of CMYK files, which
    // are rare: for them alone, outputs that earlier versions cached on disk are of other pixels.
    const gray = shape[2] === 1 ? 'luma\n' : '';
    const hash = createHash('sha256').update(`${gray}${shape.join('x')}\n${encoded.version}`);
    for (let i = 0; i < encoded.count; i++) hash.update(`\n${encoded.name(i)}\0${encoded.size(i)}`);
    this.fingerprint = hash.digest('hex');
    const { views, seed, ...distribution } = crops;
    this.crops = {
      ...this.#cropsOf(distribution, seed, `views=${views},`),
      views,
      of: (given, from) => this.#cropsOf({ ...given, flip: false }, from, ''),
    };
  }

  /** Random-resized crops in any number of views. `limit`: what the id says of their number. */
  #cropsOf(distribution: FlippedCrops, seed: number, limit: string): ImageViews {
    const { scale, ratio, flip } = distribution;
    const root = Rng.fromSeed(seed).split('crop');
    return {
      id: `resized-crop(scale=${scale.join('-')},ratio=${ratio.join('-')},flip=${flip},${limit}seed=${seed})`,
      views: null,
      read: (indices, drawn, out) =>
        this.#decode(indices, out, (index, i) =>
          drawn[i] === 0 ? null : { distribution, rng: root.split(this.sampleKey(index), drawn[i]!) },
        ),
    };
  }

  read(indices: Int32Array, out: Uint8Array): Promise<void> {
    return this.#decode(indices, out, () => null);
  }

  sampleKey(index: number): string {
    this.#assertThere(index);
    return `${this.#encoded.name(index)}:${this.#encoded.size(index)}`;
  }

  #assertThere(index: number): void {
    if (index < 0 || index >= this.count) throw indexError(index, this.count);
  }

  async #decode(
    indices: Int32Array,
    out: Uint8Array,
    cropOf: (index: number, i: number) => Crop | null,
  ): Promise<void> {
    const size = bytesPerImage(this.shape);
    indices.forEach((index) => this.#assertThere(index));
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < indices.length) {
        const i = next++;
        const index = indices[i]!;
        out.set(await this.#pixelsOf(index, cropOf(index, i)), i * size);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, indices.length) }, work));
    } finally {
      next = indices.length; // after a failure, the others stop
    }
  }

  /** Without a crop, from memory where they are there. */
  async #pixelsOf(index: number, crop: Crop | null): Promise<Uint8Array> {
    const known = crop === null ? this.#remembered.get(index) : null;
    if (known !== null) return known;
    const bytes = await this.#encoded.read(index);
    const pixels = await decodeImageBytes(bytes, this.#encoded.place(index), this.shape, crop);
    if (crop === null) this.#remembered.set(index, pixels);
    return pixels;
  }
}
