import { AncError, type ImageSource, type LabeledBatch } from '@anc/core';
import type { RowRange } from '@anc/core/internal';
import { Loader, type LoaderOptions } from './loader.js';

/**
 * A `Loader` that adds each image's label, for training with labels: the teacher, and methods that declare it. The
 * images, their order and their views are those of `Loader` with the same seed.
 */
export class LabeledLoader {
  readonly batchesPerEpoch: number;
  readonly rows: RowRange;
  readonly #loader: Loader;
  readonly #labels: Int32Array;

  constructor(source: ImageSource, labels: Int32Array, options: LoaderOptions) {
    if (labels.length !== source.count) {
      throw new AncError('ANC_DATA_LABELS', 'images and labels differ in number.', {
        expected: `${source.count} labels`,
        received: `${labels.length}`,
      });
    }
    this.#loader = new Loader(source, options);
    this.#labels = labels;
    this.batchesPerEpoch = this.#loader.batchesPerEpoch;
    this.rows = this.#loader.rows;
  }

  /** Like `Loader.epoch`. */
  async *epoch(epoch: number, from = 0): AsyncGenerator<LabeledBatch, void, undefined> {
    for await (const batch of this.#loader.epoch(epoch, from)) {
      yield { ...batch, labels: batch.indices.map((index) => this.#labels[index]!) };
    }
  }
}
