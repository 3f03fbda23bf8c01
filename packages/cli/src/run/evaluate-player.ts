import {
  compileClassifier,
  logitsOf,
  scorePredictions,
  topClasses,
  type Backend,
  type DatasetSplit,
  type Evaluation,
  type HostTensor,
  type SplitLogits,
  type Variables,
} from '@anc/core';
import { topError } from '../classifier/score.js';
import type { PlannedNetwork } from './plan-network.js';
import type { Reporter } from './reporter.js';

export interface EvaluateContext {
  readonly backend: Backend;
  readonly batchSize: number;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** What a network says of a split's images. */
export interface Predictions {
  /** The class of each image. */
  readonly classes: Int32Array;
  /** Share of images whose label is not among the five largest logits; null without labels, and of few classes. */
  readonly top5Error: number | null;
}

/** Fewer classes than this say little by their first five. */
const MANY = 11;

export async function predictionsOf(logits: SplitLogits, { labels }: DatasetSplit): Promise<Predictions> {
  const top5Error = labels === null || logits.classes < MANY ? null : topError(logits, await labels(), 5);
  return { classes: topClasses(logits), top5Error };
}

/** The predictions of a network for a split, every image once. */
export async function predict(
  { network }: PlannedNetwork,
  variables: Variables<HostTensor>,
  split: DatasetSplit,
  what: string,
  { backend, batchSize, reporter, signal }: EvaluateContext,
): Promise<Predictions> {
  const shape = [batchSize, ...split.images.shape];
  const compiled = await compileClassifier({ backend, network, variables }, shape, ['logits']);
  try {
    const report = (done: number, count: number): void => reporter.activity(what, done, count);
    return await predictionsOf(await logitsOf(compiled, split, batchSize, report, signal), split);
  } finally {
    await compiled.dispose();
  }
}

/** An evaluation with what there is to say of the five largest logits. */
export type TestEvaluation = Evaluation & Pick<Predictions, 'top5Error'>;

/** Error and agreement of predictions on a split. */
export async function evaluatePredictions(
  { classes, top5Error }: Predictions,
  { labels }: DatasetSplit,
  teacher: Int32Array | null,
): Promise<TestEvaluation> {
  return { ...scorePredictions(classes, labels === null ? null : await labels(), teacher), top5Error };
}
