import type { FixedNormalization } from '@anc/core';

/** Sizes of a toy classification task. */
export interface ToyTask {
  /** [H, W, C] of the images, which are bytes. */
  readonly image: readonly [number, number, number];
  /** Number of classes. */
  readonly classes: number;
  /** Width of the features, the input of the last layer. */
  readonly features: number;
  /** Images per batch. */
  readonly batchSize: number;
  /** How toy networks normalize the bytes, per channel. */
  readonly normalization: FixedNormalization;
}

/** The task of the method contract. */
export const toyTask: ToyTask = {
  image: [6, 6, 1],
  classes: 3,
  features: 4,
  batchSize: 8,
  normalization: { mean: [128], std: [74] },
};
