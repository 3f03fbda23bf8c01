import {
  mapTree,
  Rng,
  type BatchSource,
  type Context,
  type HostTensor,
  type ImageBatch,
  type LabeledBatch,
  type Phase,
  type Stage,
  type Tree,
} from '@anc/core';
import { isFrozen, stepInputs } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { contextOf, toTensor } from '../harness/tensors.js';
import type { ToyTeacher } from '../toy/index.js';
import { withRows } from './image-rows.js';
import { initialState } from './train-stages.js';

/** The arguments of a phase, as tensors of the active tfjs backend. */
export interface PhaseInputs {
  readonly state: Tree;
  readonly batch: Tree;
  readonly hyper: Tree<Scalar>;
  readonly context: Context;
}

/** Inputs of a stage's first step; the parameters are perturbed, because biases at zero would hide mistakes. */
export async function firstStepInputs(
  stage: Stage,
  previous: Tree<HostTensor> | null,
  batches: BatchSource | BatchSource<LabeledBatch>,
  teacher: ToyTeacher,
): Promise<PhaseInputs> {
  const batch = await firstBatch(withRows(batches, stage));
  const perturbation = Rng.fromSeed(9);
  const { hyper } = stage.next({ epoch: 1, epochs: 4, step: 1, stepsPerEpoch: 1 });
  return {
    state: mapTree(initialState(stage, previous, teacher), (host, name) => {
      const rng = perturbation.split(name);
      const isParameter = name.includes('/params/') && !isFrozen(name);
      const data = Float32Array.from(host.data, (value) =>
        isParameter ? value + 0.02 * rng.normal() : value,
      );
      return toTensor({ shape: host.shape, data });
    }),
    batch: mapTree(await stepInputs(stage, batch, batches.shape, teacher.outputs), toTensor),
    hyper: mapTree(hyper, (value) => tf.scalar(value)),
    context: contextOf(true),
  };
}

async function firstBatch(
  batches: BatchSource | BatchSource<LabeledBatch>,
): Promise<ImageBatch | LabeledBatch> {
  for await (const batch of batches.epoch(0, 0)) return batch;
  throw new Error('the source has no batches.');
}

/** The scalar whose gradients a phase computes. */
export const lossOf = (phase: Phase, { state, batch, hyper, context }: PhaseInputs): number =>
  tf.tidy(() => {
    const loss = phase.gradients(state, batch, hyper, context).metrics[`loss/${phase.name}`];
    if (loss === undefined) throw new Error(`phase "${phase.name}" has no metric "loss/${phase.name}".`);
    return loss.dataSync()[0]!;
  });
