import {
  AncError,
  type ImageBatch,
  type ImageSource,
  type ImageViews,
  type Rank,
  type WholeBatch,
} from '@anc/core';
import { rowRange, type RowRange } from '@anc/core/internal';
import { planEpoch } from './epoch-plan.js';
import { Passes, type BatchRows } from './passes.js';
import { prefetch } from './prefetch.js';

/** Options of `Loader`. */
export interface LoaderOptions {
  /** Images per batch, over all ranks. */
  readonly batch: number;
  /**
   * Batches of an epoch. Then images are passed through again and again, each pass in an order and in views of its own, and
   * a batch may reach into the next pass; the images of a pass are not divided into whole batches. Default: one pass, as
   * many whole batches as it has.
   */
  readonly batchesPerEpoch?: number | undefined;
  /** Prepares this rank's rows of every batch: the images and views that one process alone has there. */
  readonly rank?: Rank;
  /** Random seed of the order of images and of their views. */
  readonly seed: number;
  /** The source's images under augmentations. Default: images as they are. */
  readonly augmentation?: ImageViews;
  /** Memory for batches that are prepared in advance, in MB (2^20 bytes); default 64. 0: no prefetching. */
  readonly prefetchMb?: number;
}

/** More than there are views of an image. */
const VIEW_NUMBERS = 2 ** 20;
const PREFETCH_MB = 64;
/** More batches in advance do not help: one is computed on while the next ones are decoded. */
const MOST_PREFETCHED = 4;

/** Images and views of a batch of an epoch, by its number. */
type RowsOf = (batch: number) => BatchRows;

/**
 * Shuffled, augmented batches of images for training without labels: no label can be reached from it.
 *
 * Each epoch shows every image once, except for a rest that does not fill a batch: another one in each epoch. With
 * `batchesPerEpoch` an epoch is as long as that says.
 *
 * @throws `ANC_DATA_TOO_FEW` if there are no images, or fewer than a batch of one pass has; `ANC_CONFIG` for a batch without a row for every
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
    const least = options.batchesPerEpoch === undefined ? options.batch : 1;
    if (source.count < least) {
      throw new AncError('ANC_DATA_TOO_FEW', 'fewer images than one batch.', {
        expected: `at least ${least} images`,
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
    this.batchesPerEpoch = options.batchesPerEpoch ?? Math.floor(source.count / options.batch);
  }

  /** Batches `from`, from + 1, … of epoch `epoch`. The same (seed, epoch, batch) gives the same bytes. */
  async *epoch(epoch: number, from = 0): AsyncGenerator<ImageBatch, void, undefined> {
    const batches = this.#batches(this.#rowsOf(epoch), epoch, from);
    if (this.#prefetched === 0) yield* batches;
    else yield* prefetch(batches, this.#prefetched);
  }

  /**
   * Which rank prepares an image in a view in an epoch, the first that does where several do; for those that the epoch does not
   * show, ranks are taken in turn, by the number of the image. The same on all ranks.
   */
  rankOf(epoch: number): (image: number, view: number) => number {
    const { rank, batch } = this.#options;
    const ranks = rank?.ranks ?? 1;
    const rowsOf = this.#rowsOf(epoch);
    const found = new Map<number, number>();
    const ends = Array.from({ length: ranks }, (_, r) => rowRange(batch, ranks, r));
    for (let b = 0; b < this.batchesPerEpoch; b++) {
      const { indices, views } = rowsOf(b);
      for (const [r, { start, count }] of ends.entries()) {
        for (let row = start; row < start + count; row++) {
          const key = indices[row]! * VIEW_NUMBERS + views[row]!;
          if (!found.has(key)) found.set(key, r);
        }
      }
    }
    return (image, view) => found.get(image * VIEW_NUMBERS + view) ?? image % ranks;
  }

  async *#batches(rowsOf: RowsOf, epoch: number, from: number): AsyncGenerator<ImageBatch, void, undefined> {
    for (let b = from; b < this.batchesPerEpoch; b++) yield await this.#batch(rowsOf(b), epoch, b);
  }

  /** Images and views of the batches of an epoch. */
  #rowsOf(epoch: number): RowsOf {
    const { batch, seed, augmentation, batchesPerEpoch } = this.#options;
    const { count } = this.#source;
    const views = augmentation === undefined ? 1 : augmentation.views;
    if (batchesPerEpoch === undefined) {
      const plan = planEpoch(count, views, seed, epoch);
      return (b) => {
        const indices = plan.order.slice(b * batch, (b + 1) * batch);
        return { indices, views: indices.map((index) => plan.views[index]!) };
      };
    }
    const passes = new Passes(count, views, seed);
    return (b) => passes.rows((epoch * batchesPerEpoch + b) * batch, batch);
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

  async #batch(rows: BatchRows, epoch: number, b: number): Promise<ImageBatch> {
    const { seed, augmentation } = this.#options;
    const whole = { ...rows, seed, epoch, step: b };
    const { start, count } = this.rows;
    const indices = whole.indices.slice(start, start + count);
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
