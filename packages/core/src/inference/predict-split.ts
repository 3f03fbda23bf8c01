import type { CompiledFunction } from '../contracts/backend.js';
import type { DatasetSplit } from '../contracts/dataset.js';
import { readTargets, targetsOf } from '../contracts/targets.js';
import type { Predictions, Task, TaskData } from '../contracts/task.js';
import type { HostTensor, Tree } from '../tree/tree.js';
import { logitBatches, type SplitProgress } from './split-logits.js';

/** What a network gives for the images of a split. */
export interface SplitPredictions {
  /** Number of images. */
  readonly count: number;
  /** Image after image, as the task predicts. */
  readonly predictions: Predictions;
  /**
   * Probability of each predicted class by the softmax of the logits, [count]; absent where predictions are not one class
   * for each image.
   */
  readonly confidences?: Float32Array;
  /** The task's metrics; null where the images have no targets. */
  readonly metrics: Tree<number> | null;
}

export interface PredictOptions extends SplitProgress {
  readonly task: Task;
  readonly data: TaskData;
  /** Receives every batch of logits before it is used; what it throws ends the work. */
  readonly onLogits?: (logits: HostTensor, start: number) => void;
}

/** Predicts every image of a split once and measures the predictions by the task, where the split has targets. */
export async function predictSplit(
  network: Pick<CompiledFunction, 'run'>,
  split: DatasetSplit,
  { task, data, onLogits, ...progress }: PredictOptions,
): Promise<SplitPredictions> {
  const { count } = split.images;
  const targets = (await targetsOf(split)?.()) ?? null;
  const measurement = targets === null ? null : task.measure(data);
  let all: Predictions | null = null;
  const confidences = new Float32Array(count);
  let isClasses = count > 0;
  for await (const { start, logits } of logitBatches(network, split, progress)) {
    onLogits?.(logits, start);
    const some = task.predict(logits);
    const images = logits.shape[0]!;
    const size = some.length / images;
    all ??= some instanceof Int32Array ? new Int32Array(count * size) : new Float32Array(count * size);
    all.set(some, start * size);
    isClasses &&= some instanceof Int32Array && size === 1 && logits.shape.length === 2;
    if (isClasses) writeConfidences(logits, some, confidences.subarray(start));
    if (targets === null) continue;
    const indices = Int32Array.from({ length: images }, (_, i) => start + i);
    measurement!.add(logits, await readTargets(targets, indices));
  }
  return {
    count,
    predictions: all ?? new Int32Array(0),
    ...(isClasses ? { confidences } : {}),
    metrics: measurement?.result() ?? null,
  };
}

/** logits: [n, classes]; predicted: [n] class indices; out: n softmax probabilities. */
function writeConfidences({ shape, data }: HostTensor, predicted: Predictions, out: Float32Array): void {
  const classes = shape[1]!;
  for (let i = 0; i < predicted.length; i++) {
    const own = data[i * classes + predicted[i]!]!;
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(data[i * classes + c]! - own);
    out[i] = 1 / sum;
  }
}
