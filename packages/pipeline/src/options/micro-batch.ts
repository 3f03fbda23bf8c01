import type { TrainingOptions } from './run-options.js';

/** Images that are computed at once: a batch, or a micro-batch of it. */
export const microBatchOf = ({
  batchSize,
  accumulate = 1,
}: Pick<TrainingOptions, 'batchSize' | 'accumulate'>): number => batchSize / accumulate;
