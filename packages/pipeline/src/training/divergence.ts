import { isAncError, type AncError } from '@anc/core';
import type { MetricsRecord, RunFolder } from '@anc/runtime';

/** Whether an error says that training diverged. */
export const isDivergence = (error: unknown): error is AncError =>
  isAncError(error) && error.code === 'ANC_DIVERGED';

/** Where a model's training diverged. */
export interface DivergencePlace {
  readonly model: string;
  readonly stage: string;
  /** From 0. */
  readonly epoch: number;
  /** Steps done in the stage when it was found. */
  readonly step: number;
}

/** Adds a line about a divergence to metrics.jsonl; resuming the model removes it. */
export const recordDivergence = (
  folder: RunFolder,
  place: DivergencePlace,
  { message }: AncError,
): Promise<void> => folder.metrics.append({ ...place, event: 'diverged', message });

/** The last divergence of a model that its log holds, null where training goes on or has ended. */
export const divergenceIn = (records: readonly MetricsRecord[], model: string): MetricsRecord | null =>
  records.findLast((record) => record.model === model && record.event === 'diverged') ?? null;
