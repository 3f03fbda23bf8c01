import {
  Rng,
  type BatchSource,
  type HostTensor,
  type ImageBatch,
  type LabeledBatch,
  type Tree,
} from '@anc/core';
import { toyTask, type ToyTask } from './task.js';

const IMAGES = 24;

/** Options of `toyBatches`. */
export interface ToyBatchOptions {
  /** Batches of one epoch. */
  readonly stepsPerEpoch: number;
  /** The label of an image by its index; null for a source without labels. */
  readonly labelOf: ((image: number) => number) | null;
  /** Whether every step has the same batch. */
  readonly repeat?: boolean;
}

/** Batches of 24 fixed random images of the toy task. */
export function toyBatches(
  options: ToyBatchOptions & { readonly labelOf: (image: number) => number },
): BatchSource<LabeledBatch>;
export function toyBatches(options: ToyBatchOptions): BatchSource | BatchSource<LabeledBatch>;
export function toyBatches({
  stepsPerEpoch,
  labelOf,
  repeat = false,
}: ToyBatchOptions): BatchSource | BatchSource<LabeledBatch> {
  const { image: shape, batchSize } = toyTask;
  const pixels = shape[0] * shape[1] * shape[2];
  const draw = (rng: Rng): Uint8Array => Uint8Array.from({ length: pixels }, () => rng.int(256));
  const images = Array.from({ length: IMAGES }, (_, i) => draw(Rng.fromSeed(5).split('image', i)));
  return {
    stepsPerEpoch,
    shape,
    *epoch(epoch, from) {
      for (let step = from; step < stepsPerEpoch; step++) {
        const rng = Rng.fromSeed(6).split(...(repeat ? ['one'] : [epoch, step]));
        const indices = rng.permutation(IMAGES).slice(0, batchSize);
        const bytes = new Uint8Array(batchSize * pixels);
        indices.forEach((image, i) => bytes.set(images[image]!, i * pixels));
        const batch: ImageBatch = { indices, views: new Int32Array(batchSize), images: bytes };
        yield labelOf === null ? batch : { ...batch, labels: indices.map(labelOf) };
      }
    },
  };
}

/** A step's batch of random bytes, labels and teacher outputs. */
export function toyStepBatch(
  { image, classes, features, batchSize }: ToyTask,
  step: number,
): Tree<HostTensor> {
  const rng = Rng.fromSeed(23).split('batch', step);
  const [pixels, teacher] = [rng.split('pixels'), rng.split('teacher')];
  return {
    images: {
      shape: [batchSize, ...image],
      data: Uint8Array.from({ length: batchSize * image[0] * image[1] * image[2] }, () => pixels.int(256)),
    },
    labels: { shape: [batchSize], data: Int32Array.from({ length: batchSize }, () => rng.int(classes)) },
    'teacher/logits': {
      shape: [batchSize, classes],
      data: Float32Array.from({ length: batchSize * classes }, () => 2 * teacher.normal()),
    },
    'teacher/features': {
      shape: [batchSize, features],
      data: Float32Array.from({ length: batchSize * features }, () => Math.abs(teacher.normal())),
    },
  };
}
