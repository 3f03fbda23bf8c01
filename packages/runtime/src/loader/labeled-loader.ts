import { type ImageSource, type LabeledBatch, type TargetSource } from '@anc/core';
import { readTargets, type RowRange } from '@anc/core/internal';
import { Loader, type LoaderOptions } from './loader.js';

/**
 * A `Loader` that adds each image's target, for training with labels: the teacher, and methods that declare it. The
 * images, their order and their views are those of `Loader` with the same seed.
 */
export class LabeledLoader {
  /** Batches of one epoch. */
  readonly batchesPerEpoch: number;
  /** Which rows of every batch it prepares. */
  readonly rows: RowRange;
  readonly #loader: Loader;
  readonly #targets: TargetSource;

  constructor(source: ImageSource, targets: TargetSource, options: LoaderOptions) {
    this.#loader = new Loader(source, options);
    this.#targets = targets;
    this.batchesPerEpoch = this.#loader.batchesPerEpoch;
    this.rows = this.#loader.rows;
  }

  /** Like `Loader.rankOf`. */
  rankOf(epoch: number): (image: number, view: number) => number {
    return this.#loader.rankOf(epoch);
  }

  /** Like `Loader.epoch`. */
  async *epoch(epoch: number, from = 0): AsyncGenerator<LabeledBatch, void, undefined> {
    for await (const batch of this.#loader.epoch(epoch, from)) {
      yield { ...batch, labels: await readTargets(this.#targets, batch.indices) };
    }
  }
}
