import { Rng } from '@anc/core';

/** Which images an epoch shows, in which order, each in which view. */
export interface EpochPlan {
  /** A permutation of 0..count-1. */
  readonly order: Int32Array;
  /** View of image i (by image, not by place in the order), 0..views-1. */
  readonly views: Int32Array;
}

/**
 * A pure function of (count, views, seed, epoch): the same on any number of workers, on any backend, and
 * after a resume in the middle of an epoch. Order and views come from streams of their own, so that
 * changing the augmentation keeps the order.
 */
export function planEpoch(count: number, views: number, seed: number, epoch: number): EpochPlan {
  const root = Rng.fromSeed(seed).split('epoch', epoch);
  const order = root.split('order').permutation(count);
  const draw = root.split('views');
  const drawn =
    views === 1 ? new Int32Array(count) : Int32Array.from({ length: count }, () => draw.int(views));
  return { order, views: drawn };
}
