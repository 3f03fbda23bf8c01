import { Rng, type BatchSource, type ImageBatch } from '@anc/core';
import type { RowRange } from '@anc/core/internal';

export interface MixupOptions {
  /** α of Beta(α, α), from which each image's share is drawn: 1 is uniform, smaller values stay closer to one image. */
  readonly alpha: number;
  readonly seed: number;
  /** A rank's rows of every batch, whose partners are anywhere in the batch; all rows where left out. */
  readonly rows?: RowRange;
}

/**
 * Mixup (Zhang 2018) of images alone, as in function matching (Beyer 2022): x'_i = a_i x_i + (1 - a_i) x_j(i) with j
 * a permutation of the batch and a_i ~ Beta(α, α), rounded to bytes. Teacher and student get the same bytes; labels are
 * not mixed, so it is for training without them.
 *
 * Equal for equal (seed, epoch, step). A mixed image is no image of the dataset: its teacher outputs must not be cached
 * by index and view.
 *
 * @param source whole batches, also where only a rank's rows of them are mixed.
 */
export function mixedBatches(source: BatchSource, { alpha, seed, rows }: MixupOptions): BatchSource {
  return {
    stepsPerEpoch: source.stepsPerEpoch,
    shape: source.shape,
    offset: rows?.start ?? 0,
    async *epoch(epoch, from) {
      let step = from;
      for await (const batch of source.epoch(epoch, from)) {
        const all = { start: 0, count: batch.indices.length };
        yield mixed(batch, rows ?? all, alpha, Rng.fromSeed(seed).split('mixup', epoch, step));
        step++;
      }
    },
  };
}

function mixed(batch: ImageBatch, { start, count }: RowRange, alpha: number, rng: Rng): ImageBatch {
  const size = batch.images.length / batch.indices.length;
  const partners = rng.permutation(batch.indices.length);
  const images = new Uint8Array(count * size);
  for (let i = 0; i < start + count; i++) {
    const share = symmetricBeta(alpha, rng);
    if (i < start) continue; // drawn for another rank
    const [own, other] = [i * size, partners[i]! * size];
    for (let k = 0; k < size; k++) {
      const value = share * batch.images[own + k]! + (1 - share) * batch.images[other + k]!;
      images[own - start * size + k] = Math.round(value);
    }
  }
  const end = start + count;
  return { indices: batch.indices.slice(start, end), views: batch.views.slice(start, end), images };
}

/** A sample of Beta(α, α) by Jöhnk's method: fast for α ≤ 1, where x^(1/α) + y^(1/α) is often at most 1. */
function symmetricBeta(alpha: number, rng: Rng): number {
  for (;;) {
    const x = rng.uniform() ** (1 / alpha);
    const y = rng.uniform() ** (1 / alpha);
    if (x + y <= 1 && x + y > 0) return x / (x + y);
  }
}
