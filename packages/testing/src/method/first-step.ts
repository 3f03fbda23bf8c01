import {
  mapTree,
  prefixTree,
  Rng,
  type BatchSource,
  type Context,
  type HostTensor,
  type ImageBatch,
  type LabeledBatch,
  type Phase,
  type Stage,
  type TeacherOutputs,
  type Tree,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { contextOf, toTensor } from '../harness/tensors.js';

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
  teacher: TeacherOutputs,
): Promise<PhaseInputs> {
  const batch = await firstBatch(batches);
  const count = batch.indices.length;
  const teacherOutputs = await teacher.outputs(batch, stage.teacherOutputs);
  const perturbation = Rng.fromSeed(9);
  const { hyper } = stage.next({ epoch: 1, epochs: 4, step: 1, stepsPerEpoch: 1 });
  return {
    state: mapTree(stage.init(Rng.fromSeed(1), previous), (host, name) => {
      const rng = perturbation.split(name);
      const isParameter = name.includes('/params/');
      const data = Float32Array.from(host.data, (value) =>
        isParameter ? value + 0.02 * rng.normal() : value,
      );
      return toTensor({ shape: host.shape, data });
    }),
    batch: mapTree(
      {
        images: { shape: [count, ...batches.shape], data: batch.images },
        ...prefixTree('teacher', teacherOutputs),
        ...(stage.usesLabels && 'labels' in batch && { labels: { shape: [count], data: batch.labels } }),
      },
      toTensor,
    ),
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
