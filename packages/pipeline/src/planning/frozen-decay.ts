import type { TrainingOptions } from '../options/run-options.js';

/**
 * Training options whose weight decay leaves frozen parameters out: their gradients are zero, and decay alone would move
 * them.
 *
 * @param frozen names of the student's parameters
 */
export const withoutFrozenDecay = (training: TrainingOptions, frozen: readonly string[]): TrainingOptions =>
  frozen.length === 0
    ? training
    : { ...training, decayScope: [training.decayScope, ...frozen.map((name) => `!${name}`)].join(',') };
