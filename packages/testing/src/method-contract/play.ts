import {
  allocateEpochs,
  drawNoise,
  mapTree,
  prefixTree,
  Rng,
  train,
  type Backend,
  type BatchSource,
  type Context,
  type HostTensor,
  type ImageBatch,
  type LabelledBatch,
  type Phase,
  type Position,
  type Stage,
  type TeacherOutputs,
  type TrainingEvent,
  type Tree,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

export interface PlayOptions {
  readonly backend: Backend;
  readonly teacher: TeacherOutputs;
  readonly batches: BatchSource | BatchSource<LabelledBatch>;
  readonly epochs: number;
  /** Interrupt each stage after this step and go on from what was saved. */
  readonly interruptAt?: number;
}

export interface StagePlayed {
  readonly stage: Stage;
  readonly state: Tree<HostTensor>;
  /** `loss/student` of each epoch. */
  readonly losses: readonly number[];
}

/** Trains all stages of a method, one after the other, each from the state that the one before left. */
export async function play(stages: readonly Stage[], options: PlayOptions): Promise<StagePlayed[]> {
  const played: StagePlayed[] = [];
  const allocated = allocateEpochs(stages, options.epochs);
  let previous: Tree<HostTensor> | null = null;
  for (const [i, stage] of stages.entries()) {
    const epochs = Math.max(1, allocated[i]!); // the contract is about every stage
    const done = await playStage(stage, previous, { ...options, epochs });
    played.push(done);
    previous = done.state;
  }
  return played;
}

async function playStage(
  stage: Stage,
  previous: Tree<HostTensor> | null,
  { backend, teacher, batches, epochs, interruptAt }: PlayOptions,
): Promise<StagePlayed> {
  const losses: number[] = [];
  const go = async (state: Tree<HostTensor>, from?: Position): Promise<TrainingEvent> => {
    const controller = new AbortController();
    let last: TrainingEvent | null = null;
    const events = train({
      backend,
      stage,
      batches,
      teacher,
      state,
      epochs,
      seed: 1,
      signal: controller.signal,
      ...(from && { from }),
    });
    for await (const event of events) {
      if (event.type === 'epoch') losses.push(event.metrics['loss/student']!);
      if (event.type === 'step' && from === undefined && event.progress.step === interruptAt) controller.abort();
      last = event.type === 'done' || event.type === 'interrupted' ? await held(event) : event;
    }
    return last!;
  };
  let end = await go(stage.init(Rng.fromSeed(1), previous));
  if (end.type === 'interrupted') end = await go(await end.snapshot(), end.position);
  if (end.type !== 'done') throw new Error(`stage "${stage.name}" ended with "${end.type}".`);
  return { stage, state: await end.snapshot(), losses };
}

/** The event with its snapshot taken while it is valid. */
async function held<E extends Extract<TrainingEvent, { type: 'done' | 'interrupted' }>>(
  event: E,
): Promise<E> {
  const taken = await event.snapshot();
  return { ...event, snapshot: () => Promise.resolve(taken) };
}

const toTensor = ({ shape, data }: HostTensor): Tensor =>
  data instanceof Int32Array
    ? tf.tensor(data, [...shape], 'int32')
    : tf.tensor(Float32Array.from(data), [...shape] as [number]);

/** Everything that a phase takes, as tensors of the active tfjs backend. */
export interface Position0 {
  readonly state: Tree;
  readonly batch: Tree;
  readonly hyper: Tree<Scalar>;
  readonly context: Context;
}

/** A stage's first step, as tensors; the state moved off its start, where biases at zero would hide mistakes. */
export async function firstStep(
  stage: Stage,
  previous: Tree<HostTensor> | null,
  batches: BatchSource | BatchSource<LabelledBatch>,
  teacher: TeacherOutputs,
): Promise<Position0> {
  let first: ImageBatch | LabelledBatch | null = null;
  for await (const batch of batches.epoch(0, 0)) {
    first = batch;
    break;
  }
  const drawn = first!;
  const count = drawn.indices.length;
  const told = await teacher.outputs(drawn, stage.teacherOutputs);
  const jitter = Rng.fromSeed(9);
  const { hyper } = stage.next({ epoch: 1, epochs: 4, step: 1, stepsPerEpoch: 1 });
  return {
    state: mapTree(stage.init(Rng.fromSeed(1), previous), (host, name) => {
      const own = jitter.split(name);
      const moves = name.includes('/params/');
      const data = Float32Array.from(host.data, (value) => (moves ? value + 0.02 * own.normal() : value));
      return toTensor({ shape: host.shape, data });
    }),
    batch: mapTree(
      {
        images: { shape: [count, ...batches.shape], data: drawn.images },
        ...prefixTree('teacher', told),
        ...(stage.usesLabels &&
          'labels' in drawn && { labels: { shape: [count], data: drawn.labels } as HostTensor }),
      },
      toTensor,
    ),
    hyper: mapTree(hyper, (value) => tf.scalar(value)),
    context: {
      training: true,
      noise: (name, shape, law) =>
        tf.tensor(
          drawNoise({ name, shape, distribution: law }, 1, 0).data,
          [...shape] as [number],
          'float32',
        ),
      activation: (_name, x) => x,
    },
  };
}

/** The scalar whose gradients a phase gives. */
export const lossOf = (phase: Phase, { state, batch, hyper, context }: Position0): number =>
  tf.tidy(() => {
    const loss = phase.gradients(state, batch, hyper, context).metrics[`loss/${phase.name}`];
    if (loss === undefined) throw new Error(`phase "${phase.name}" has no metric "loss/${phase.name}".`);
    return loss.dataSync()[0]!;
  });
