import {
  AncError,
  sizeOf,
  type CompiledFunction,
  type DatasetSplit,
  type HostTensor,
  type Task,
  type TaskData,
  type Teacher,
  type Tree,
} from '@anc/core';
import {
  logitsOf,
  metricFields,
  predictSplit,
  type RankGroup,
  type MetricFields,
  type SplitLogits,
  type SplitPredictions,
} from '@anc/core/internal';

/** How well a frozen network does on the images of a split. */
export interface Score {
  /** Of a classifier; null where the images have no labels, and for other tasks. */
  readonly testError: number | null;
  /** Share of images whose label is not among the five largest logits. */
  readonly top5Error: number | null;
  /** The metrics of other tasks, by name. */
  readonly metrics?: Tree<number>;
  readonly count: number;
}

export interface FrozenOptions {
  readonly task: Task;
  readonly taskData: TaskData;
  readonly batchSize: number;
  readonly onBatch?: (done: number, count: number) => void;
  readonly signal?: AbortSignal;
  /** Divides the images among ranks, which all call this. */
  readonly ranks?: RankGroup | undefined;
}

const asFunction = (teacher: Teacher): CompiledFunction => ({
  run: ({ images }) => teacher.infer(images!, ['logits']),
  dispose: () => Promise.resolve(),
});

/** A frozen classifier's logits for every image of a split. Throws `ANC_TEACHER_OUTPUT` where one is no finite number. */
export async function teacherLogits(
  teacher: Teacher,
  split: DatasetSplit,
  batchSize: number,
): Promise<SplitLogits> {
  const logits = await logitsOf(asFunction(teacher), split, batchSize);
  const finite = new FiniteLogits();
  finite.add({ shape: [split.images.count, logits.classes], data: logits.data }, 0);
  finite.assert(teacher.name, split.images.count);
  return logits;
}

/**
 * Predicts every image of a split once with a frozen network, and measures the predictions where there are targets. Throws
 * `ANC_TEACHER_OUTPUT` where a logit is no finite number.
 */
export async function predictFrozen(
  teacher: Teacher,
  split: DatasetSplit,
  { taskData, ...options }: FrozenOptions,
): Promise<SplitPredictions> {
  const finite = new FiniteLogits();
  const predicted = await predictSplit(asFunction(teacher), split, {
    ...options,
    data: taskData,
    onLogits: (logits, start) => finite.add(logits, start),
  });
  finite.assert(teacher.name, split.images.count);
  return predicted;
}

/** What to do about a network whose logits are not finite. */
export const NOT_FINITE_HINT =
  'its training diverged, its file is damaged, or its pixels are normalized otherwise: see --preprocessing, in trainings ' +
  '--teacher-preprocessing.';

/** Counts the images with logits that are no numbers. */
class FiniteLogits {
  #first: number | null = null;
  readonly #images = new Set<number>();

  add({ shape, data }: HostTensor, start: number): void {
    const size = sizeOf(shape.slice(1));
    for (let i = 0; i < data.length; i++) {
      if (Number.isFinite(data[i])) continue;
      this.#first ??= data[i]!;
      this.#images.add(start + Math.floor(i / size));
    }
  }

  assert(name: string, count: number): void {
    if (this.#first === null) return;
    throw new AncError('ANC_TEACHER_OUTPUT', `the network "${name}" gives logits that are not finite.`, {
      expected: 'logits that are numbers',
      received: `${this.#first} among the logits of ${this.#images.size} of ${count} images`,
      hint: NOT_FINITE_HINT,
    });
  }
}

/** What was measured, as documents hold it. */
export function scoreOf({ count, metrics }: SplitPredictions, task: Task): Score {
  const {
    testError,
    testTop5Error = null,
    ...others
  } = metricFields(task, metrics) as MetricFields & {
    readonly testTop5Error?: number;
  };
  return { testError, top5Error: testTop5Error, ...others, count };
}
