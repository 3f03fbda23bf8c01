import { AncError, type CompiledFunction, type DatasetSplit, type Teacher } from '@anc/core';
import { logitsOf, topClasses, type SplitLogits } from '@anc/core/internal';
import type { ClassMap } from './labels.js';

export interface Score {
  /** Null where the images have no labels. */
  readonly testError: number | null;
  /** Share of images whose label is not among the five largest logits. */
  readonly top5Error: number | null;
  readonly count: number;
}

export interface ScoreOptions {
  readonly batchSize: number;
  readonly classMap: ClassMap;
  readonly onBatch?: (done: number, count: number) => void;
  readonly signal?: AbortSignal;
  /** Receives predicted classes and labels, where there are labels. */
  readonly onPredictions?: (predictions: Int32Array, labels: Int32Array) => void;
}

/** A frozen classifier's logits for every image of a split. Throws `ANC_TEACHER_OUTPUT` where one is no finite number. */
export async function teacherLogits(
  teacher: Teacher,
  split: DatasetSplit,
  batchSize: number,
  onBatch?: (done: number, count: number) => void,
  signal?: AbortSignal,
): Promise<SplitLogits> {
  const asFunction: CompiledFunction = {
    run: ({ images }) => teacher.infer(images!, ['logits']),
    dispose: () => Promise.resolve(),
  };
  const logits = await logitsOf(asFunction, split, batchSize, onBatch, signal);
  assertFinite(logits, split.images.count);
  return logits;
}

function assertFinite({ classes, data }: SplitLogits, count: number): void {
  const first = data.findIndex((value) => !Number.isFinite(value));
  if (first === -1) return;
  const images = new Set<number>();
  data.forEach((value, i) => {
    if (!Number.isFinite(value)) images.add(Math.floor(i / classes));
  });
  throw new AncError('ANC_TEACHER_OUTPUT', 'the network gives logits that are not finite.', {
    expected: 'logits that are numbers',
    received: `${data[first]} among the logits of ${images.size} of ${count} images`,
    hint: 'its training diverged, its file is damaged, or its pixels are normalized otherwise: see --preprocessing.',
  });
}

/** Scores a frozen classifier on a split, each image once. */
export async function scoreClassifier(
  teacher: Teacher,
  split: DatasetSplit,
  { batchSize, classMap, onBatch, signal, onPredictions }: ScoreOptions,
): Promise<Score> {
  const logits = await teacherLogits(teacher, split, batchSize, onBatch, signal);
  const { count } = split.images;
  if (split.labels === null) return { testError: null, top5Error: null, count };
  const labels = (await split.labels()).map((label) => classMap?.[label] ?? label);
  onPredictions?.(topClasses(logits), labels);
  return { testError: topError(logits, labels, 1), top5Error: topError(logits, labels, 5), count };
}

/**
 * Share of images whose label is not among the `k` largest logits. An equal logit of an earlier class comes first, as
 * it does for the largest.
 */
export function topError({ classes, data }: SplitLogits, labels: Int32Array, k: number): number {
  let wrong = 0;
  for (const [i, label] of labels.entries()) {
    const own = data[i * classes + label]!;
    let before = 0;
    for (let c = 0; c < classes; c++) {
      const other = data[i * classes + c]!;
      if (other > own || (other === own && c < label)) before++;
    }
    if (before >= k || Number.isNaN(own)) wrong++;
  }
  return wrong / labels.length;
}
