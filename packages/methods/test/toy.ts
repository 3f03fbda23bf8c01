import '@tensorflow/tfjs-backend-cpu';
import {
  batchNorm,
  conv2d,
  dense,
  EagerBackend,
  flatten,
  LayeredClassifier,
  maxPool,
  relu,
  Rng,
  normalizedNetwork,
  tap,
  type BatchSource,
  type ClassifierOutputs,
  type HostTensor,
  type LabeledBatch,
  type Network,
  type MethodEnvironment,
  type TeacherOutputs,
} from '@anc/core';

export const shape = [6, 6, 1] as const;
export const classes = 3;
export const width = 5;
export const batchSize = 8;

export const backend = new EagerBackend('cpu');

/** A small student: one convolution, optionally with batch norm, five features. */
export function toyStudent(withBatchNorm = false): Network<ClassifierOutputs> {
  const network = new LayeredClassifier('toy', classes, [
    conv2d('conv', { filters: 4, kernelSize: 3, bias: !withBatchNorm }),
    ...(withBatchNorm ? [batchNorm('norm')] : []),
    relu('relu'),
    maxPool('pool', { kernelSize: 2 }),
    flatten('flatten'),
    dense('hidden', { units: width }),
    relu('hidden-relu'),
    tap('features'),
    dense('logits', { units: classes }),
  ]);
  return normalizedNetwork(network, { mean: [120], std: [60] });
}

export const players = (student = toyStudent()): MethodEnvironment => {
  const outputs = { logits: [classes], features: [width] };
  return { student, studentOutputs: outputs, input: shape, classes, teacher: { outputs } };
};

/** Images of noise, with labels that a test may shuffle. */
export function toyBatches(
  stepsPerEpoch: number,
  labelOf: (index: number) => number,
): BatchSource<LabeledBatch> {
  return {
    stepsPerEpoch,
    shape,
    *epoch(epoch, from) {
      for (let i = from; i < stepsPerEpoch; i++) {
        const rng = Rng.fromSeed(5).split(epoch, i);
        const indices = Int32Array.from({ length: batchSize }, () => rng.int(100));
        const images = Uint8Array.from({ length: batchSize * 36 }, () => rng.int(256));
        yield { indices, views: new Int32Array(batchSize), images, labels: indices.map(labelOf) };
      }
    },
  };
}

/** A teacher of random but fixed outputs per image. */
export const toyTeacher: TeacherOutputs = {
  outputs(batch, names) {
    const draw = (name: string, size: number): HostTensor => ({
      shape: [batchSize, size],
      data: Float32Array.from(
        [...batch.indices].flatMap((index) => {
          const rng = Rng.fromSeed(11).split(name, index);
          return Array.from({ length: size }, () =>
            name === 'features' ? Math.abs(rng.normal()) : rng.normal(),
          );
        }),
      ),
    });
    const outputs = { logits: draw('logits', classes), features: draw('features', width) };
    return Promise.resolve(
      Object.fromEntries(Object.entries(outputs).filter(([name]) => names.includes(name))),
    );
  },
};
