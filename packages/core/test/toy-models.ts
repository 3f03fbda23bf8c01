/** Linear models of two features and two classes, small enough to compute their losses by hand. */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import {
  Discriminator,
  type Applied,
  type ClassifierOutputs,
  type Context,
  type DiscriminatorOutputs,
  type Network,
  type Variables,
} from '../src/contracts/network.js';
import type { AdversarialLoss, Balancer } from '../src/contracts/objective.js';
import type { Phase } from '../src/contracts/step.js';
import { inference } from '../src/eager/eager-context.js';
import { dense } from '../src/layers/dense.js';
import { binaryCrossEntropy } from '../src/losses/losses.js';
import { sgd } from '../src/optimizers/optimizer.js';
import type { AdversarialSetup } from '../src/step/adversarial-step.js';
import type { AttachedDiscriminator } from '../src/step/attached-discriminator.js';
import { modelNames } from '../src/step/model-state.js';
import { mapTree, type Tree } from '../src/tree/tree.js';

const none = { init: () => ({ params: {}, stats: {} }), summary: () => [] };

/** features = x · w, logits = features · v, all [B, 2]; the statistic `runs` counts its applications. */
export const toyStudent: Network<ClassifierOutputs> = {
  ...none,
  name: 'toy',
  apply({ params, stats }, x, context) {
    const features = context.activation('features', tf.matMul(x, params.w as Tensor2D));
    const logits = tf.matMul(features, params.v as Tensor2D);
    return { outputs: { features, logits }, stats: { runs: tf.add(stats.runs!, 1) } };
  },
};

/** logits = x · u [B, 1]; class logits = x · c [B, 2] where there is a c; `runs` counts its applications. */
export class ToyDiscriminator extends Discriminator {
  readonly name = 'toy';
  readonly init = none.init;
  readonly summary = none.summary;
  /** Conditions that it was given, null for none. */
  readonly conditions: (number[] | null)[] = [];
  /** Inputs that it was given. */
  readonly inputs: number[][] = [];

  constructor(override readonly conditional = false) {
    super();
  }

  apply(
    { params, stats }: Variables,
    x: Tensor,
    _context: Context,
    condition?: Tensor,
  ): Applied<DiscriminatorOutputs> {
    this.inputs.push([...x.dataSync()]);
    this.conditions.push(condition === undefined ? null : [...condition.dataSync()]);
    const logits = tf.matMul(x, params.u as Tensor2D);
    const classes = params.c && tf.matMul(x, params.c);
    return {
      outputs: { logits, ...(classes && { classes }) },
      stats: { runs: tf.add(stats.runs!, 1) },
    };
  }
}

/** Linear in D's logits: D minimizes mean(student) - mean(teacher), the student -mean(student). */
export const linearLoss: AdversarialLoss = {
  name: 'linear',
  discriminator: (onTeacher, onStudent) => tf.sub<Scalar>(tf.mean(onStudent), tf.mean(onTeacher)),
  student: (onStudent) => tf.neg(tf.mean<Scalar>(onStudent)),
};

export const fixedBalancer: Balancer = {
  name: 'fixed',
  memory: {},
  weight: () => tf.scalar(1),
  next: () => ({}),
};

export const attached = (rest: Partial<AttachedDiscriminator> = {}): AttachedDiscriminator => ({
  name: modelNames.discriminator,
  discriminator: new ToyDiscriminator(),
  input: 'features',
  weight: 1,
  ...rest,
});

/** Linear throughout, without dropout and regularizers; the data term is the mean of the student's logits. */
export const toySetup = (rest: Partial<AdversarialSetup> = {}): AdversarialSetup => ({
  student: toyStudent,
  discriminators: [attached()],
  dataTerm: { name: 'mean', loss: (student) => tf.mean<Scalar>(student) },
  adversarialLoss: linearLoss,
  regularizers: [],
  regularizerUpdate: 'joint',
  balancer: fixedBalancer,
  dropout: { rate: 0, position: 'adversarial-sample' },
  condition: 'teacher',
  optimizers: { student: sgd(), discriminator: sgd() },
  ...rest,
});

/** A linear projection of the student's features, [B, 2] -> [B, 2]. */
export const toyAdapter = { layer: dense('adapter', { units: 2, bias: false }), input: [2] };

const matrix = (rows: readonly (readonly number[])[]): Tensor => tf.tensor2d(rows.map((row) => [...row]));

/** Student features are [[1, 1], [3, 5]], its logits the same times [1, 2]. */
export const toyState = (): Record<string, Tensor> => ({
  'student/params/w': matrix([
    [1, 1],
    [0, 1],
  ]),
  'student/params/v': matrix([
    [1, 0],
    [0, 2],
  ]),
  'student/stats/runs': tf.scalar(0),
  'discriminator/params/u': matrix([[3], [4]]),
  'discriminator/stats/runs': tf.scalar(0),
});

/** Teacher features have the mean [1, 3] over the batch. */
export const toyBatch = (): Record<string, Tensor> => ({
  images: matrix([
    [1, 0],
    [3, 2],
  ]),
  'teacher/features': matrix([
    [2, 1],
    [0, 5],
  ]),
  'teacher/logits': matrix([
    [0, 1],
    [1, 0],
  ]),
  labels: tf.tensor1d([1, 0], 'int32'),
});

export const toyHyper = (rest: Tree<number> = {}): Record<string, Scalar> =>
  mapTree(
    { lambda: 2, adversarial: 3, 'student/learningRate': 0.5, 'discriminator/learningRate': 0.25, ...rest },
    (value) => tf.scalar(value),
  );

/** A training context without randomness: noise is 0 and 1 in turn, element by element. */
export const toyContext: Context = {
  ...inference,
  training: true,
  noise: (_name, shape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return tf.tensor(
      Array.from({ length: size }, (_, i) => i % 2),
      [...shape],
    );
  },
};

export const arrays = (tree: Tree): Record<string, number[]> =>
  mapTree(tree, (tensor) => [...tensor.dataSync()]);

/** The probability of a logit. */
export const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** The logarithmic loss: unlike the toy's own, it is not linear in the logits. */
export const logLoss: AdversarialLoss = {
  name: 'log',
  discriminator: (t, s) => tf.add<Scalar>(binaryCrossEntropy(t, 1), binaryCrossEntropy(s, 0)),
  student: (s) => binaryCrossEntropy(s, 1),
};

/** ∂ loss / ∂ state[name], element by element, by central differences of the loss that the phase reports. */
export function finiteDifferences(
  phase: Phase,
  name: string,
  given: { state: Tree; batch: Tree; hyper: Tree<Scalar> },
): number[] {
  const original = given.state[name]!;
  const step = 1 / 64;
  const lossAt = (i: number, by: number): number => {
    const values = original.dataSync().map((value, j) => (i === j ? value + by : value));
    const state = { ...given.state, [name]: tf.tensor(values, original.shape) };
    const { metrics } = phase.gradients(state, given.batch, given.hyper, toyContext);
    return metrics[`loss/${phase.name}`]!.dataSync()[0]!;
  };
  return Array.from({ length: original.size }, (_, i) => (lossAt(i, step) - lossAt(i, -step)) / (2 * step));
}
