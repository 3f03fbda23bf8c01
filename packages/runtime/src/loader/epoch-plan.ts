import { Rng } from '@anc/core';

/** Order and views of an epoch's images. */
export interface EpochPlan {
  /** A permutation of 0..count-1. */
  readonly order: Int32Array;
  /** View of image i (indexed by image, not by position in the order). */
  readonly views: Int32Array;
}

/**
 * Draws an epoch's order and views: a pure function of (count, views, seed, epoch), and so the same on any backend and
 * after a resume in the middle of an epoch. Order and views come from separate random streams, so that changing the
 * augmentation keeps the order. `views`: their number, or null for another one in every epoch, from 1 on.
 */
export function planEpoch(count: number, views: number | null, seed: number, epoch: number): EpochPlan {
  const root = Rng.fromSeed(seed).split('epoch', epoch);
  const order = root.split('order').permutation(count);
  const draw = root.split('views');
  if (views === null) return { order, views: new Int32Array(count).fill(epoch + 1) };
  const drawn =
    views === 1 ? new Int32Array(count) : Int32Array.from({ length: count }, () => draw.int(views));
  return { order, views: drawn };
}
