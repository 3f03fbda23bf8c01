import {
  adam,
  adversarialPhases,
  adversarialStep,
  toStateEntries,
  batchNorm,
  binaryCrossEntropy,
  conv2d,
  dense,
  Discriminator,
  filled,
  flatten,
  globalAveragePool,
  LayeredClassifier,
  mapTree,
  maxPool,
  prefixTree,
  Regularizer,
  relu,
  residual,
  Rng,
  sequential,
  sgd,
  sizeOf,
  specOf,
  squaredDistance,
  tap,
  type Applied,
  type Backend,
  type Context,
  type DiscriminatorOutputs,
  type LayerSummary,
  type RegularizerContext,
  type Variables,
  type AdversarialSetup,
  type HostTensor,
  type Inputs,
  type Layer,
  type Network,
  type Optimizer,
  type StepSpec,
  type Student,
  type Tree,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';

export const IMAGE = [12, 12, 2] as const;
export const BATCH = 6;

/** A small LeNet: valid convolutions with biases, max-pooling, a hidden layer. */
export const plainStudent = (): Student =>
  new LayeredClassifier('plain', 4, [
    conv2d('conv1', { kernelSize: 3, filters: 5, padding: 'valid' }),
    relu('relu1'),
    maxPool('pool1', { kernelSize: 2 }),
    conv2d('conv2', { kernelSize: 3, filters: 6 }),
    relu('relu2'),
    flatten('flatten'),
    dense('fc', { units: 8 }),
    relu('relu3'),
    tap('features'),
    dense('logits', { units: 4 }),
  ]);

/** Wide enough for the runtime's NCHWc layout. */
export const wideStudent = (): Student =>
  new LayeredClassifier('wide', 4, [
    conv2d('conv1', { kernelSize: 3, filters: 32, bias: false }),
    relu('relu1'),
    conv2d('conv2', { kernelSize: 3, filters: 32, stride: 2, padding: 1 }),
    relu('relu2'),
    conv2d('conv3', { kernelSize: 3, filters: 32, bias: false }),
    batchNorm('bn'),
    relu('relu3'),
    globalAveragePool('pool'),
    dense('fc', { units: 8 }),
    tap('features'),
    dense('logits', { units: 4 }),
  ]);

const block = (name: string, filters: number, stride: number): Layer =>
  residual(name, {
    branch: [
      batchNorm(`${name}-bn1`),
      relu(`${name}-relu1`),
      conv2d(`${name}-conv1`, { kernelSize: 3, filters, stride, bias: false }),
      batchNorm(`${name}-bn2`),
      relu(`${name}-relu2`),
      conv2d(`${name}-conv2`, { kernelSize: 3, filters, bias: false }),
    ],
    shortcut: [conv2d(`${name}-shortcut`, { kernelSize: 1, filters, stride, bias: false })],
  });

/** A small ResNet: batch norm, strides, projections, a mean over the plane. */
export const normalizedStudent = (filters = 4): Student =>
  new LayeredClassifier('normalized', 4, [
    conv2d('conv', { kernelSize: 3, filters, bias: false }),
    block('block1', filters, 1),
    block('block2', 2 * filters, 2),
    batchNorm('bn'),
    relu('relu'),
    globalAveragePool('pool'),
    dense('fc', { units: 8 }),
    tap('features'),
    dense('logits', { units: 4 }),
  ]);

const discriminatorLayers = sequential('d', [
  dense('h1', { units: 7 }),
  relu('r1'),
  dense('h2', { units: 5 }),
  relu('r2'),
  dense('out', { units: 1 }),
]);

class SmallDiscriminator extends Discriminator {
  readonly name = 'small';
  init(rng: Rng, input: readonly number[]): Variables<HostTensor> {
    return discriminatorLayers.init(rng, input);
  }
  apply(variables: Variables, x: tf.Tensor, context: Context): Applied<DiscriminatorOutputs> {
    const { output, stats } = discriminatorLayers.apply(variables, x, context);
    return { outputs: { logits: output }, stats };
  }
  summary(input: readonly number[]): readonly LayerSummary[] {
    return discriminatorLayers.summary(input);
  }
}

/** Eq. 7. */
class Samples extends Regularizer {
  readonly name = 'samples';
  penalty({ onStudent }: RegularizerContext): tf.Scalar {
    return binaryCrossEntropy(onStudent, 1);
  }
}

export const momentum = (): Optimizer =>
  sgd({ momentum: 0.9, decay: { rate: 2e-4, mode: 'l2', scope: 'weights' } });
export const adamW = (): Optimizer => adam({ decay: { rate: 2e-4, mode: 'decoupled', scope: 'weights' } });

/** The paper's adversarial training with label inversion, Eq. 7 and dropout 0.5 on the adversarial sample. */
export function adversarialSetup(student: Student, optimizer: Optimizer): AdversarialSetup {
  return {
    student,
    discriminators: [
      { name: 'discriminator', discriminator: new SmallDiscriminator(), input: 'features', weight: 1 },
    ],
    condition: 'teacher',
    dataTerm: { name: 'l2', loss: (s, t) => squaredDistance(s, t) },
    adversarialLoss: {
      name: 'inversion',
      discriminator: (t, s) => tf.add(binaryCrossEntropy(t, 1), binaryCrossEntropy(s, 0)),
      student: (s) => binaryCrossEntropy(s, 1),
    },
    regularizers: [new Samples()],
    regularizerUpdate: 'joint',
    balancer: { name: 'fixed', memory: {}, weight: () => tf.scalar(1), next: () => ({}) },
    dropout: { rate: 0.5, position: 'adversarial-sample' },
    optimizers: { student: optimizer, discriminator: optimizer },
  };
}

function initModel(
  name: string,
  network: Network<object>,
  optimizer: Optimizer,
  input: readonly number[],
): Tree<HostTensor> {
  const { params, stats } = network.init(Rng.fromSeed(5).split(name), input);
  return toStateEntries(name, { params, stats, slots: optimizer.init(params) });
}

export function initialState({ student, optimizers }: AdversarialSetup): Tree<HostTensor> {
  return {
    ...initModel('student', student, optimizers.student, IMAGE),
    ...initModel('discriminator', new SmallDiscriminator(), optimizers.discriminator, [8]),
    ...prefixTree(
      'balancer',
      mapTree({}, () => filled([])),
    ),
  };
}

const gaussian = (rng: Rng, shape: readonly number[]): HostTensor => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()),
});

export function inputsAt(step: number, size = BATCH): Inputs {
  const rng = Rng.fromSeed(11).split(step);
  const images = {
    shape: [size, ...IMAGE],
    data: Uint8Array.from({ length: sizeOf([size, ...IMAGE]) }, () => rng.int(256)),
  };
  const teacher = {
    'teacher/logits': gaussian(rng, [size, 4]),
    'teacher/features': gaussian(rng, [size, 8]),
  };
  return {
    batch: {
      images: { shape: images.shape, data: Float32Array.from(images.data, (v) => v / 128 - 1) },
      ...teacher,
    },
    hyper: { 'student/learningRate': 0.01, 'discriminator/learningRate': 0.01, lambda: 1, adversarial: 1 },
    noise: { seed: 3, step },
  };
}

export function specFor(state: Tree<HostTensor>, phases?: readonly string[], size = BATCH): StepSpec {
  const { batch, hyper } = inputsAt(0, size);
  return {
    state: mapTree(state, specOf),
    batch: mapTree(batch, specOf),
    hyper: Object.keys(hyper),
    ...(phases === undefined ? {} : { phases }),
  };
}

export interface Trained {
  readonly state: Tree<HostTensor>;
  readonly metrics: Tree<number>;
}

/** Trains some steps on a backend, always from the same initial state. */
export async function trainSteps(
  backend: Backend,
  setup: AdversarialSetup,
  steps: number,
  phases: readonly string[] = [adversarialPhases.discriminator, adversarialPhases.student],
  size = BATCH,
): Promise<Trained> {
  const state = initialState(setup);
  const device = await backend.upload(state);
  const compiled = await backend.compile(adversarialStep(setup), specFor(state, phases, size));
  for (let step = 0; step < steps; step++) await compiled.run(device, inputsAt(step, size));
  const trained = { state: await device.read(), metrics: await compiled.metrics() };
  await compiled.dispose();
  await device.dispose();
  return trained;
}

/** max|Δ| / max|w| over one tensor. */
export function relativeError(found: HostTensor, expected: HostTensor): number {
  let [difference, size] = [0, 0];
  expected.data.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(value - found.data[i]!));
    size = Math.max(size, Math.abs(value));
  });
  return size === 0 ? difference : difference / size;
}
