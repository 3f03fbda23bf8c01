import {
  compileClassifier,
  logitsOf,
  score,
  topClasses,
  type Backend,
  type DatasetSplit,
  type Evaluation,
  type Host,
  type Variables,
} from '@anc/core';
import type { PlannedNetwork } from './plan-network.js';
import type { Reporter } from './reporter.js';

export interface EvaluateContext {
  readonly backend: Backend;
  readonly batchSize: number;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** The class that a network gives to each image of a split, every image once. */
export async function predict(
  { network }: PlannedNetwork,
  variables: Variables<Host>,
  split: DatasetSplit,
  what: string,
  { backend, batchSize, reporter, signal }: EvaluateContext,
): Promise<Int32Array> {
  const shape = [batchSize, ...split.images.shape];
  const compiled = await compileClassifier({ backend, network, variables }, shape, ['logits']);
  try {
    const report = (done: number, count: number): void => reporter.activity(what, done, count);
    return topClasses(await logitsOf(compiled, split, batchSize, report, signal));
  } finally {
    await compiled.dispose();
  }
}

/** Error and agreement of predictions on a split. */
export async function judge(
  predicted: Int32Array,
  { labels }: DatasetSplit,
  teacher: Int32Array | null,
): Promise<Evaluation> {
  return score(predicted, labels === null ? null : await labels(), teacher);
}
