import type { Progress, Term } from '@anc/core';
import type { z } from 'zod';
import type { dataWeightOptions } from '../options/index.js';
import { hardLabels } from '../terms/logits.js';
import type { WeightedTerm } from './term-stage.js';

/** Options of earlier versions, which have λ alone, are complete too. */
export type DataWeightOptions = { readonly lambda: number } & {
  readonly [K in Exclude<keyof typeof dataWeightOptions, 'lambda'>]?: z.output<(typeof dataWeightOptions)[K]>;
};

/**
 * Share of its weight that a term has in an epoch while it warms up: (epoch + 1) / n, at most 1; constant within an
 * epoch, as in mdistiller. epochs: n; 0 for none.
 */
export const warmupShare = (epochs: number | undefined, epoch: number): number =>
  epochs === undefined || epochs === 0 ? 1 : Math.min(1, (epoch + 1) / epochs);

/** The data term's weight in this step: λ or (1 - α) λ, times its share of the warm-up. */
export function dataWeight(
  { lambda, hardWeight = 0, hardWeightMode = 'share', dataWarmup }: DataWeightOptions,
  { epoch }: Pick<Progress, 'epoch'>,
): number {
  const whole = hardWeightMode === 'share' ? (1 - hardWeight) * lambda : lambda;
  return whole * warmupShare(dataWarmup, epoch);
}

/** Cross-entropy with labels at its weight α; nothing where α = 0, so that no labels are read. */
export const hardTerm = ({ hardWeight = 0 }: Pick<DataWeightOptions, 'hardWeight'>): WeightedTerm[] =>
  hardWeight === 0 ? [] : [{ term: hardLabels, weight: hardWeight }];

/** (1 - α) · λ · data + α · cross-entropy with labels; the latter is left out if α = 0. See `dataWeightOptions`. */
export const softAndHard = (data: Term, options: DataWeightOptions): WeightedTerm[] => [
  { term: data, weight: (progress) => dataWeight(options, progress) },
  ...hardTerm(options),
];
