import { AncError, type Backend, type DatasetSplit, type HostTensor, type Variables } from '@anc/core';
import {
  compileClassifier,
  firstNotFinite,
  logitsOf,
  scorePredictions,
  topClasses,
  type Evaluation,
  type SplitLogits,
} from '@anc/core/internal';
import { topError } from '../classifier/score.js';
import type { Emit } from '../events/events.js';
import type { PlannedNetwork } from '../planning/plan-network.js';
import { chanceAgreement, type ChanceAgreement } from './chance-agreement.js';

export interface EvaluateContext {
  readonly backend: Backend;
  readonly batchSize: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** A network's predictions for the images of a split. */
export interface Predictions {
  /** The predicted class of each image. */
  readonly classes: Int32Array;
  /** Share of images whose label is not among the five largest logits; null without labels, and of few classes. */
  readonly top5Error: number | null;
}

/** With fewer classes the top-5 error says little. */
const MANY = 11;

export async function predictionsOf(logits: SplitLogits, { labels }: DatasetSplit): Promise<Predictions> {
  const top5Error = labels === null || logits.classes < MANY ? null : topError(logits, await labels(), 5);
  return { classes: topClasses(logits), top5Error };
}

/**
 * Predicts every image of a split once. `what`: the split in words, for progress. Throws `ANC_DIVERGED` where a logit is not
 * finite: the predictions of such a network mean nothing, although its weights are numbers.
 */
export async function predict(
  { network }: PlannedNetwork,
  variables: Variables<HostTensor>,
  split: DatasetSplit,
  what: string,
  { backend, batchSize, emit, signal }: EvaluateContext,
): Promise<Predictions> {
  const shape = [batchSize, ...split.images.shape];
  const compiled = await compileClassifier({ backend, network, variables }, shape, ['logits']);
  try {
    const onBatch = (done: number, count: number): void => emit({ type: 'activity', what, done, count });
    const logits = await logitsOf(compiled, split, batchSize, onBatch, signal);
    assertFiniteLogits(logits, what);
    return await predictionsOf(logits, split);
  } finally {
    await compiled.dispose();
  }
}

function assertFiniteLogits({ classes, data }: SplitLogits, what: string): void {
  const at = firstNotFinite(data);
  if (at === -1) return;
  const image = Math.floor(at / classes) + 1;
  throw new AncError(
    'ANC_DIVERGED',
    `training diverged: the network gives ${data[at]} for image ${image} of the ${what}.`,
    {
      hint: 'lower the learning rate, add warm-up, or lower the adversarial weight.',
    },
  );
}

/** Error and agreement, with the top-5 error of many classes and, beside the agreement, what chance reaches. */
export type TestEvaluation = Evaluation &
  Pick<Predictions, 'top5Error'> & { readonly chance: ChanceAgreement | null };

/** Compares predictions with a split's labels and with the teacher's predictions. */
export async function evaluatePredictions(
  { classes, top5Error }: Predictions,
  { labels }: DatasetSplit,
  teacher: Int32Array | null,
): Promise<TestEvaluation> {
  return {
    ...scorePredictions(classes, labels === null ? null : await labels(), teacher),
    top5Error,
    chance: teacher === null ? null : chanceAgreement(classes, teacher),
  };
}
