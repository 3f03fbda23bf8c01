import {
  mapTree,
  train,
  type Backend,
  type BatchSource,
  type HostTensor,
  type ImageBatch,
  type LabeledBatch,
  type Rank,
  type Stage,
  type TeacherOutputs,
  type TrainOptions,
  type Tree,
} from '@anc/core';
import { rowRange, rowsOf } from '@anc/core/internal';
import type { ToyStep } from './steps.js';

/** Options of `trainToy`. */
export interface TrainToyOptions extends Pick<
  TrainOptions,
  'accumulate' | 'exchange' | 'synchronizedBatchNorm'
> {
  /** Steps to train. */
  readonly steps: number;
  /** Trains on this rank's rows of every batch. */
  readonly rank?: Rank;
}

/** The result of a short training. */
export interface TrainedToy {
  /** The final training state. */
  readonly state: Tree<HostTensor>;
  /** Means over the steps. */
  readonly metrics: Tree<number>;
}

/** Trains on a toy step's batches through the training loop: alone, in micro-batches, or as one of several ranks. */
export async function trainToy(
  backend: Backend,
  toy: ToyStep,
  { steps, rank = { rank: 0, ranks: 1 }, ...division }: TrainToyOptions,
): Promise<TrainedToy> {
  const { noise, batch } = toy.inputs(0);
  const teacherOutputs = Object.keys(batch)
    .filter((name) => name.startsWith('teacher/'))
    .map((name) => name.slice('teacher/'.length));
  const stage: Stage = {
    name: toy.name,
    teacherOutputs,
    usesLabels: batch.labels !== undefined,
    step: toy.step,
    init: () => toy.initial(),
    next: ({ step }) => ({ hyper: toy.inputs(step).hyper, phases: toy.phases }),
    student: () => ({ params: {}, stats: {} }),
  };
  const source = rowsOfToy(toy, steps, rank);
  const teacher = teacherOf(toy);
  const state = toy.initial();
  const { seed } = noise;
  let metrics: Tree<number> = {};
  for await (const event of train({
    ...{ backend, stage, batches: source, teacher, epochs: 1, seed, state },
    ...division,
  })) {
    if (event.type === 'epoch') metrics = event.metrics;
    if (event.type === 'done') return { state: await event.snapshot(), metrics };
  }
  throw new Error('the training did not end');
}

/** A rank's rows of the batches. An image's index is (step · rows of the whole batch) + row. */
function rowsOfToy(toy: ToyStep, steps: number, { rank, ranks }: Rank): BatchSource<LabeledBatch> {
  const [whole, ...shape] = toy.inputs(0).batch.images!.shape as [number, ...number[]];
  const rows = rowRange(whole, ranks, rank);
  return {
    stepsPerEpoch: steps,
    shape,
    offset: rows.start,
    *epoch(_epoch, from) {
      for (let step = from; step < steps; step++) {
        const { images, labels } = mapTree(toy.inputs(step).batch, (entry) => rowsOf(entry, rows));
        yield {
          indices: Int32Array.from({ length: rows.count }, (_, i) => step * whole + rows.start + i),
          views: new Int32Array(rows.count),
          images: images!.data as Uint8Array,
          labels: (labels?.data ?? new Int32Array(rows.count)) as Int32Array,
        };
      }
    },
  };
}

/** The teacher outputs of a toy step's batches, by index. */
function teacherOf(toy: ToyStep): TeacherOutputs {
  const whole = toy.inputs(0).batch.images!.shape[0]!;
  return {
    outputs({ indices }: ImageBatch, names) {
      const [first] = indices;
      const { batch } = toy.inputs(Math.floor(first! / whole));
      const rows = { start: first! % whole, count: indices.length };
      return Promise.resolve(
        Object.fromEntries(names.map((name) => [name, rowsOf(batch[`teacher/${name}`]!, rows)])),
      );
    },
  };
}
