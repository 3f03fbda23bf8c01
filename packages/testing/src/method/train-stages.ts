import {
  Rng,
  train,
  type Backend,
  type BatchSource,
  type HostTensor,
  type LabeledBatch,
  type Position,
  type Stage,
  type TrainingEvent,
  type Tree,
} from '@anc/core';
import { allocateEpochs } from '@anc/core/internal';
import type { ToyTeacher } from '../toy/index.js';
import { withRows } from './image-rows.js';

export interface TrainStagesOptions {
  readonly backend: Backend;
  readonly teacher: ToyTeacher;
  readonly batches: BatchSource | BatchSource<LabeledBatch>;
  readonly epochs: number;
  /** Interrupts each stage after this step and resumes it from the saved state. */
  readonly interruptAt?: number;
}

export interface TrainedStage {
  readonly stage: Stage;
  readonly state: Tree<HostTensor>;
  /** `loss/student` of each epoch. */
  readonly losses: readonly number[];
}

/** Trains all stages of a method in order, each from the state of the previous one. */
export async function trainStages(
  stages: readonly Stage[],
  options: TrainStagesOptions,
): Promise<TrainedStage[]> {
  const trained: TrainedStage[] = [];
  const allocated = allocateEpochs(stages, options.epochs);
  let previous: Tree<HostTensor> | null = null;
  for (const [i, stage] of stages.entries()) {
    const epochs = Math.max(1, allocated[i]!); // a contract checks every stage
    const result = await trainStage(stage, previous, { ...options, epochs });
    trained.push(result);
    previous = result.state;
  }
  return trained;
}

/** A stage's initial state, with the teacher's variables where the stage applies the teacher. */
export const initialState = (
  stage: Stage,
  previous: Tree<HostTensor> | null,
  { variables }: Pick<ToyTeacher, 'variables'>,
): Tree<HostTensor> =>
  stage.init(Rng.fromSeed(1), previous, stage.appliesTeacher === true ? variables : null);

async function trainStage(
  stage: Stage,
  previous: Tree<HostTensor> | null,
  { backend, teacher, batches, epochs, interruptAt }: TrainStagesOptions,
): Promise<TrainedStage> {
  const losses: number[] = [];
  const run = async (state: Tree<HostTensor>, from?: Position): Promise<TrainingEvent> => {
    const controller = new AbortController();
    let last: TrainingEvent | null = null;
    const events = train({
      backend,
      stage,
      batches: withRows(batches, stage),
      teacher: teacher.outputs,
      state,
      epochs,
      seed: 1,
      signal: controller.signal,
      ...(from && { from }),
    });
    for await (const event of events) {
      if (event.type === 'epoch') losses.push(event.metrics['loss/student']!);
      if (event.type === 'step' && from === undefined && event.progress.step === interruptAt)
        controller.abort();
      last = event.type === 'done' || event.type === 'interrupted' ? await withSnapshot(event) : event;
    }
    return last!;
  };
  let end = await run(initialState(stage, previous, teacher));
  if (end.type === 'interrupted') end = await run(await end.snapshot(), end.position);
  if (end.type !== 'done') throw new Error(`stage "${stage.name}" ended with "${end.type}".`);
  return { stage, state: await end.snapshot(), losses };
}

/** The event with its snapshot taken while it is still valid. */
async function withSnapshot<E extends Extract<TrainingEvent, { type: 'done' | 'interrupted' }>>(
  event: E,
): Promise<E> {
  const snapshot = await event.snapshot();
  return { ...event, snapshot: () => Promise.resolve(snapshot) };
}
