import type { Evaluation, HostTensor, Tree, Variables } from '@anc/core';

/** Shares on the held-out images after an epoch. */
export interface HeldOut {
  /** null where the data has no labels. */
  readonly error: number | null;
  /** Share of images on which the teacher gives the same class; null for the teacher itself. */
  readonly agreement: number | null;
}

/** The epoch that did best on the held-out images, and what it did. */
export interface BestEpoch extends HeldOut {
  /** From 0. */
  readonly epoch: number;
}

/** Evaluates a model between epochs on images that it is not trained on. The test images are never used here. */
export interface Validation {
  /**
   * What counts: the error, where training reads labels anyway; else the agreement with the teacher, so that
   * without labels none choose the weights either.
   */
  readonly by: 'error' | 'agreement';
  measure(variables: Variables<HostTensor>): Promise<Evaluation>;
}

/** The better of two epochs; the earlier where they are equal. */
export function better(best: BestEpoch | null, next: BestEpoch, by: Validation['by']): BestEpoch {
  return best === null || loss(next, by) < loss(best, by) ? next : best;
}

const loss = (held: HeldOut, by: Validation['by']): number =>
  by === 'error' ? (held.error ?? Infinity) : 1 - (held.agreement ?? -Infinity);

/** As metrics: `validation/error`, `validation/agreement`, what is known of them. */
export const asMetrics = ({ error, agreement }: HeldOut): Tree<number> => ({
  ...(error === null ? {} : { 'validation/error': error }),
  ...(agreement === null ? {} : { 'validation/agreement': agreement }),
});
