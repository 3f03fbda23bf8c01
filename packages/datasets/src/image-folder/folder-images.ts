import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Rng, type DecodedViews, type ImageSource } from '@anc/core';
import { bytesPerImage, indexError, type ImageShape } from '../memory-images.js';
import { decodeImage, type CropLaw } from './decode.js';
import type { FoundImage } from './list-images.js';

/** What random crops are drawn from; `views` fixed ones per image. */
export interface CropOptions extends CropLaw {
  readonly views: number;
  readonly seed: number;
}

/** Images decoded when they are read: memory holds the list and one batch, whatever the folder's size. */
export class FolderImages implements ImageSource {
  readonly count: number;
  readonly shape: ImageShape;
  readonly fingerprint: string;
  readonly crops: DecodedViews;
  readonly #root: string;
  readonly #files: readonly FoundImage[];

  constructor(root: string, files: readonly FoundImage[], shape: ImageShape, crops: CropOptions) {
    this.#root = root;
    this.#files = files;
    this.count = files.length;
    this.shape = shape;
    const hash = createHash('sha256').update(shape.join('x'));
    for (const { path, size, modified } of files) hash.update(`\n${path}\0${size}\0${modified}`);
    this.fingerprint = hash.digest('hex');
    const { views, seed, ...law } = crops;
    const root0 = Rng.fromSeed(seed).split('crop');
    this.crops = {
      id: `resized-crop(scale=${law.scale.join('-')},ratio=${law.ratio.join('-')},flip=${law.flip},views=${views},seed=${seed})`,
      views,
      read: (indices, drawn, out) =>
        this.#decode(indices, out, (index, i) =>
          drawn[i] === 0 ? null : { law, rng: root0.split(this.sampleKey(index), drawn[i]!) },
        ),
    };
  }

  read(indices: Int32Array, out: Uint8Array): Promise<void> {
    return this.#decode(indices, out, () => null);
  }

  sampleKey(index: number): string {
    const { path, size } = this.#file(index);
    return `${path}:${size}`;
  }

  #file(index: number): FoundImage {
    const file = this.#files[index];
    if (file === undefined) throw indexError(index, this.count);
    return file;
  }

  async #decode(
    indices: Int32Array,
    out: Uint8Array,
    cropOf: (index: number, i: number) => { law: CropLaw; rng: Rng } | null,
  ): Promise<void> {
    const size = bytesPerImage(this.shape);
    await Promise.all(
      Array.from(indices, async (index, i) => {
        const path = join(this.#root, this.#file(index).path);
        out.set(await decodeImage(path, this.shape, cropOf(index, i)), i * size);
      }),
    );
  }
}
