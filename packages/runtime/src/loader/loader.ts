import {
  AncError,
  type ImageBatch,
  type ImageSource,
  type ImageViews,
  type Rank,
  type WholeBatch,
} from '@anc/core';
import { rowRange, type RowRange } from '@anc/core/internal';
import { planEpoch, type EpochPlan } from './epoch-plan.js';
import { prefetch } from './prefetch.js';

/** Options of `Loader`. */
export interface LoaderOptions {
  /** Images per batch, over all ranks. */
  readonly batch: number;
  /** Prepares this rank's rows of every batch: the images and views that one process alone has there. */
  readonly rank?: Rank;
  /** Random seed of the order of images and of their views. */
  readonly seed: number;
  /** The source's images under augmentations. Default: images as they are. */
  readonly augmentation?: ImageViews;
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
  /** Batches of one epoch. */
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
    const plan = planEpoch(
      this.#source.count,
      augmentation === undefined ? 1 : augmentation.views,
      seed,
      epoch,
    );
    const batches = this.#batches(plan, epoch, from);
    if (this.#prefetched === 0) yield* batches;
    else yield* prefetch(batches, this.#prefetched);
  }

  async *#batches(plan: EpochPlan, epoch: number, from: number): AsyncGenerator<ImageBatch, void, undefined> {
    for (let b = from; b < this.batchesPerEpoch; b++) yield await this.#batch(plan, epoch, b);
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

  async #batch({ order, views }: EpochPlan, epoch: number, b: number): Promise<ImageBatch> {
    const { batch, seed, augmentation } = this.#options;
    const all = order.slice(b * batch, (b + 1) * batch);
    const whole = { indices: all, views: all.map((index) => views[index]!), seed, epoch, step: b };
    const { start, count } = this.rows;
    const indices = all.slice(start, start + count);
    const drawn = whole.views.slice(start, start + count);
    const images = await readViews(this.#source, indices, drawn, augmentation, whole);
    const { mixesInBatch = false, id } = augmentation ?? {};
    return {
      indices,
      views: drawn,
      images,
      ...(id !== undefined && { augmentation: mixesInBatch ? null : id }),
    };
  }
}

/** Bytes of the given views of the given images, [B, H, W, C]. `batch`: what they are a part of, for views that mix images. */
export async function readViews(
  source: ImageSource,
  indices: Int32Array,
  views: Int32Array,
  augmentation?: ImageViews,
  batch?: WholeBatch,
): Promise<Uint8Array> {
  const [height, width, channels] = source.shape;
  const images = new Uint8Array(indices.length * height * width * channels);
  if (augmentation === undefined) await source.read(indices, images);
  else await augmentation.read(indices, views, images, batch);
  return images;
}
