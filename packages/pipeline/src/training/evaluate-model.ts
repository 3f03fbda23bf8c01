import {
  AncError,
  sizeOf,
  type Agreement,
  type Backend,
  type DatasetSplit,
  type HostTensor,
  type Predictions,
  type Task,
  type TaskData,
  type Tree,
  type Variables,
} from '@anc/core';
import {
  compileClassifier,
  firstNotFinite,
  predictSplit,
  type RankGroup,
  type SplitPredictions,
} from '@anc/core/internal';
import type { Emit } from '../events/events.js';
import type { PlannedNetwork } from '../planning/plan-network.js';

export interface EvaluateContext {
  readonly backend: Backend;
  readonly task: Task;
  readonly taskData: TaskData;
  readonly batchSize: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Divides the images among ranks, which all evaluate. */
  readonly ranks?: RankGroup | undefined;
}

/**
 * Predicts every image of a split once. `what`: the split in words, for progress. Throws `ANC_DIVERGED` where a logit is not
 * finite: the predictions of such a network mean nothing, although its weights are numbers.
 */
export async function predict(
  { network, repeats }: PlannedNetwork,
  variables: Variables<HostTensor>,
  split: DatasetSplit,
  what: string,
  { backend, task, taskData, batchSize, emit, signal, ranks }: EvaluateContext,
): Promise<SplitPredictions> {
  const shape = [batchSize, ...split.images.shape];
  const compiled = await compileClassifier({ backend, network, variables, repeats }, shape, ['logits']);
  try {
    return await predictSplit(compiled, split, {
      task,
      data: taskData,
      batchSize,
      signal,
      ranks,
      onBatch: (done, count) => emit({ type: 'activity', what, done, count }),
      onLogits: (logits, start) => assertFiniteLogits(logits, start, what),
    });
  } finally {
    await compiled.dispose();
  }
}

function assertFiniteLogits({ shape, data }: HostTensor, start: number, what: string): void {
  const at = firstNotFinite(data);
  if (at === -1) return;
  const image = start + Math.floor(at / sizeOf(shape.slice(1))) + 1;
  throw new AncError(
    'ANC_DIVERGED',
    `training diverged: the network gives ${data[at]} for image ${image} of the ${what}.`,
    {
      hint: 'lower the learning rate, add warm-up, or lower the adversarial weight.',
    },
  );
}

/** A model's predictions, measured. */
export interface TestEvaluation {
  readonly count: number;
  /** The task's metrics; null where the images have no targets. */
  readonly metrics: Tree<number> | null;
  /** With the teacher, and what chance reaches; null without a teacher or images. */
  readonly agreement: Agreement | null;
  /** The predictions themselves. */
  readonly predicted: SplitPredictions;
}

/** Compares predictions with the teacher's for the same images. */
export const evaluatePredictions = (
  predicted: SplitPredictions,
  teacher: Predictions | null,
  task: Task,
): TestEvaluation => ({
  count: predicted.count,
  metrics: predicted.metrics,
  agreement:
    teacher === null || predicted.count === 0 ? null : task.agreement(predicted.predictions, teacher),
  predicted,
});
