import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Rng, type DecodedViews, type ImageSource } from '@anc/core';
import { bytesPerImage, indexError, type ImageShape } from '../images/memory-images.js';
import { decodePicture, type CropLaw } from './decode.js';
import type { Pictures } from './encoded-images.js';

/** What random crops are drawn from; `views` fixed ones per image. */
export interface CropOptions extends CropLaw {
  readonly views: number;
  readonly seed: number;
}

/** Pictures in flight: enough to keep every core busy, few enough that memory stays flat. */
const IN_FLIGHT = 2 * availableParallelism();

/** Images decoded when they are read: memory holds the list and one batch, however many there are. */
export class DecodedImages implements ImageSource {
  readonly count: number;
  readonly shape: ImageShape;
  readonly fingerprint: string;
  readonly crops: DecodedViews;
  readonly #pictures: Pictures;

  constructor(pictures: Pictures, shape: ImageShape, crops: CropOptions) {
    this.#pictures = pictures;
    this.count = pictures.count;
    this.shape = shape;
    const hash = createHash('sha256').update(`${shape.join('x')}\n${pictures.version}`);
    for (let i = 0; i < pictures.count; i++) hash.update(`\n${pictures.name(i)}\0${pictures.size(i)}`);
    this.fingerprint = hash.digest('hex');
    const { views, seed, ...law } = crops;
    const root = Rng.fromSeed(seed).split('crop');
    this.crops = {
      id: `resized-crop(scale=${law.scale.join('-')},ratio=${law.ratio.join('-')},flip=${law.flip},views=${views},seed=${seed})`,
      views,
      read: (indices, drawn, out) =>
        this.#decode(indices, out, (index, i) =>
          drawn[i] === 0 ? null : { law, rng: root.split(this.sampleKey(index), drawn[i]!) },
        ),
    };
  }

  read(indices: Int32Array, out: Uint8Array): Promise<void> {
    return this.#decode(indices, out, () => null);
  }

  sampleKey(index: number): string {
    this.#assertThere(index);
    return `${this.#pictures.name(index)}:${this.#pictures.size(index)}`;
  }

  #assertThere(index: number): void {
    if (index < 0 || index >= this.count) throw indexError(index, this.count);
  }

  async #decode(
    indices: Int32Array,
    out: Uint8Array,
    cropOf: (index: number, i: number) => { law: CropLaw; rng: Rng } | null,
  ): Promise<void> {
    const size = bytesPerImage(this.shape);
    indices.forEach((index) => this.#assertThere(index));
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < indices.length) {
        const i = next++;
        const index = indices[i]!;
        const bytes = await this.#pictures.read(index);
        const place = this.#pictures.place(index);
        out.set(await decodePicture(bytes, place, this.shape, cropOf(index, i)), i * size);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, indices.length) }, work));
    } finally {
      next = indices.length; // one that failed ends the others
    }
  }
}
