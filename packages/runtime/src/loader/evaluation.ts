import { AncError, type ImageBatch, type ImageSource } from '@anc/core';

/** A batch of full size of which the first `valid` images count; the rest repeats the last one. */
export interface EvaluationBatch extends ImageBatch {
  readonly valid: number;
  /** [B]: 1 for an image that counts, 0 for padding. */
  readonly mask: Float32Array;
}

/**
 * Every image once, plain, in the source's order, in batches of one size: the last is padded and masked, so
 * that a compiled function of fixed shape sees each image and counts it once.
 */
export async function* evaluationBatches(
  source: ImageSource,
  batch: number,
): AsyncGenerator<EvaluationBatch, void, undefined> {
  if (!Number.isInteger(batch) || batch < 1) {
    throw new AncError('ANC_CONFIG', 'a batch holds at least one image.', {
      expected: 'a whole number ≥ 1',
      received: `${batch}`,
    });
  }
  const size = source.shape[0] * source.shape[1] * source.shape[2];
  for (let start = 0; start < source.count; start += batch) {
    const valid = Math.min(batch, source.count - start);
    const indices = Int32Array.from({ length: batch }, (_, i) => start + Math.min(i, valid - 1));
    const images = new Uint8Array(batch * size);
    await source.read(indices, images);
    yield {
      indices,
      views: new Int32Array(batch),
      images,
      valid,
      mask: Float32Array.from({ length: batch }, (_, i) => (i < valid ? 1 : 0)),
    };
  }
}
