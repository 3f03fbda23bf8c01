import {
  AncError,
  type Augmentation,
  type DecodedViews,
  type ImageBatch,
  type ImageSource,
  type Rank,
} from '@anc/core';
import { rowRange, type RowRange } from '@anc/core/internal';
import { planEpoch, type EpochPlan } from './epoch-plan.js';
import { prefetch } from './prefetch.js';

export interface LoaderOptions {
  /** Images per batch, over all ranks. */
  readonly batch: number;
  /** Prepares this rank's rows of every batch: the images and views that one process alone has there. */
  readonly rank?: Rank;
  readonly seed: number;
  /** Augmentation of an image's bytes, or the source's own `crops`. Default: images as they are. */
  readonly augmentation?: Augmentation | DecodedViews;
  /** Memory for batches that are prepared in advance, in MB (2^20 bytes); default 64. 0: no prefetching. */
  readonly prefetchMb?: number;
}

const PREFETCH_MB = 64;
/** More batches in advance do not help: one is computed on while the next ones are decoded. */
const MOST_PREFETCHED = 4;

/**
 * Shuffled, augmented batches of images for training without labels: no label can be reached from it.
 *
 * Each epoch shows every image once, except for a rest that does not fill a batch: another one in each epoch.
 *
 * @throws `ANC_DATA_TOO_FEW` if there are fewer images than a batch has; `ANC_CONFIG` for a batch without a row for every
 *   rank.
 */
export class Loader {
  readonly batchesPerEpoch: number;
  /** Which rows of every batch it prepares. */
  readonly rows: RowRange;
  readonly #source: ImageSource;
  readonly #options: LoaderOptions;

  constructor(source: ImageSource, options: LoaderOptions) {
    if (!Number.isInteger(options.batch) || options.batch < 1) {
      throw new AncError('ANC_CONFIG', 'a batch holds at least one image.', {
        expected: 'a whole number ≥ 1',
        received: `${options.batch}`,
      });
    }
    if (source.count < options.batch) {
      throw new AncError('ANC_DATA_TOO_FEW', 'fewer images than one batch.', {
        expected: `at least ${options.batch} images`,
        received: `${source.count}`,
        hint: 'use a smaller batch or more images.',
      });
    }
    const { rank, ranks } = options.rank ?? { rank: 0, ranks: 1 };
    if (options.batch < ranks) {
      throw new AncError('ANC_CONFIG', 'there are more ranks than images in a batch.', {
        expected: `a batch of at least ${ranks} images`,
        received: `${options.batch}`,
      });
    }
    this.rows = rowRange(options.batch, ranks, rank);
    this.#source = source;
    this.#options = options;
    this.batchesPerEpoch = Math.floor(source.count / options.batch);
  }

  /** Batches `from`, from + 1, … of epoch `epoch`. The same (seed, epoch, batch) gives the same bytes. */
  async *epoch(epoch: number, from = 0): AsyncGenerator<ImageBatch, void, undefined> {
    const { seed, augmentation } = this.#options;
    const plan = planEpoch(this.#source.count, augmentation?.views ?? 1, seed, epoch);
    const batches = this.#batches(plan, from);
    if (this.#prefetched === 0) yield* batches;
    else yield* prefetch(batches, this.#prefetched);
  }

  async *#batches(plan: EpochPlan, from: number): AsyncGenerator<ImageBatch, void, undefined> {
    for (let b = from; b < this.batchesPerEpoch; b++) yield await this.#batch(plan, b);
  }

  /** Number of batches to prepare in advance: as many as fit into the memory. */
  get #prefetched(): number {
    const { prefetchMb = PREFETCH_MB } = this.#options;
    const [height, width, channels] = this.#source.shape;
    return Math.min(
      MOST_PREFETCHED,
      Math.floor((prefetchMb * 2 ** 20) / (this.rows.count * height * width * channels)),
    );
  }

  async #batch({ order, views }: EpochPlan, b: number): Promise<ImageBatch> {
    const { batch, augmentation } = this.#options;
    const first = b * batch + this.rows.start;
    const indices = order.slice(first, first + this.rows.count);
    const drawn = indices.map((index) => views[index]!);
    return {
      indices,
      views: drawn,
      images: await readViews(this.#source, indices, drawn, augmentation),
    };
  }
}

/** Bytes of the given views of the given images, [B, H, W, C]. */
export async function readViews(
  source: ImageSource,
  indices: Int32Array,
  views: Int32Array,
  augmentation?: Augmentation | DecodedViews,
): Promise<Uint8Array> {
  const size = source.shape[0] * source.shape[1] * source.shape[2];
  if (augmentation !== undefined && 'read' in augmentation) {
    const decoded = new Uint8Array(indices.length * size);
    await augmentation.read(indices, views, decoded);
    return decoded;
  }
  const plain = new Uint8Array(indices.length * size);
  await source.read(indices, plain);
  if (augmentation === undefined || augmentation.views === 1) return plain; // view 0 is the plain image
  const images = new Uint8Array(plain.length);
  for (let i = 0; i < indices.length; i++) {
    const [start, end] = [i * size, (i + 1) * size];
    augmentation.render(plain.subarray(start, end), source.shape, views[i]!, images.subarray(start, end));
  }
  return images;
}
