import { type BatchSource, type ImageBatch, type LabeledBatch, type Stage } from '@anc/core';
import { emptyBatches, imageRows } from '@anc/core/internal';

type Source = BatchSource | BatchSource<LabeledBatch>;

/** Batches with as many rows of the data's images as a stage declares. */
export function withRows(batches: Source, stage: Stage): Source {
  const { imageShare = 1 } = stage;
  if (imageShare === 1) return batches;
  if (imageShare === 0) return emptyBatches(batches.stepsPerEpoch, batches.shape);
  const size = batches.shape.reduce((product, axis) => product * axis, 1);
  const cut = (batch: ImageBatch): ImageBatch => {
    const rows = imageRows(stage, batch.indices.length);
    const { indices, views, images } = batch;
    return {
      ...batch,
      indices: indices.slice(0, rows),
      views: views.slice(0, rows),
      images: images.slice(0, rows * size),
    };
  };
  return {
    ...batches,
    async *epoch(epoch, from) {
      for await (const batch of batches.epoch(epoch, from)) yield cut(batch);
    },
  };
}
