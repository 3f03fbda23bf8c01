import { agreement, areaUnderCurve, batchNorm, softmaxCrossEntropy, temperatureKl } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { at, build, combine, map, type Float64 } from '../float64/array.js';
import type { OpCase } from './op-case.js';
import * as reference from '../float64/reference.js';
import { fixed, input } from './declare.js';

const layer = batchNorm('norm', { momentum: 0.75, epsilon: 1e-3 });
const training = {
  training: true,
  noise: () => {
    throw new Error('batch norm needs no noise');
  },
  activation: (_name: string, x: Tensor) => x,
};
const normInputs = {
  x: input([3, 4, 2, 3]),
  gamma: input([3]),
  beta: input([3]),
  mean: fixed([3], 'normal'),
  variance: fixed([3], 'positive'),
};
const normVariables = ({ gamma, beta, mean, variance }: Readonly<Record<string, Tensor>>) => ({
  params: { gamma: gamma!, beta: beta! },
  stats: { mean: mean!, variance: variance! },
});

export const normalizations: OpCase[] = [
  {
    name: 'batch norm by the running averages',
    inputs: {
      ...normInputs,
      x: fixed([3, 4, 2, 3], 'normal'),
      gamma: fixed([3], 'normal'),
      beta: fixed([3], 'normal'),
    },
    run: (inputs) => layer.apply(normVariables(inputs), inputs.x!, { ...training, training: false }).output,
    reference: ({ x, gamma, beta, mean, variance }) =>
      reference.normalize(x!, gamma!, beta!, { mean: mean!, variance: variance! }, 1e-3),
  },
  {
    name: 'batch norm by the batch',
    inputs: normInputs,
    run: (inputs) => layer.apply(normVariables(inputs), inputs.x!, training).output,
    reference: ({ x, gamma, beta }) => reference.normalize(x!, gamma!, beta!, reference.momentsOf(x!), 1e-3),
  },
  ...(['mean', 'variance'] as const).map((which): OpCase => ({
    name: `batch norm's new average of the ${which}`,
    inputs: {
      ...normInputs,
      x: fixed([3, 4, 2, 3], 'normal'),
      gamma: fixed([3], 'normal'),
      beta: fixed([3], 'normal'),
    },
    run: (inputs) => layer.apply(normVariables(inputs), inputs.x!, training).stats[which]!,
    reference: (inputs) => {
      const unbiased = which === 'variance' ? 24 / 23 : 1;
      const current = reference.momentsOf(inputs.x!)[which];
      return combine(inputs[which]!, current, (old, value) => 0.75 * old + 0.25 * value * unbiased);
    },
  })),
];

const column = (x: Float64): Float64 => ({ shape: [x.shape[0]!, 1], data: x.data });
const mask = (labels: Float64, width: number): Float64 =>
  build([labels.shape[0]!, width], ([b, c]) => (labels.data[b!] === c ? 1 : 0));
const argMax = (x: Float64): Float64 =>
  build([x.shape[0]!], ([b]) => {
    const row = Array.from({ length: x.shape[1]! }, (_, c) => at(x, [b!, c]));
    return row.indexOf(Math.max(...row));
  });

export const classification: OpCase[] = [
  {
    name: 'softmax',
    inputs: { x: input([4, 5]) },
    run: ({ x }) => tf.softmax(x!),
    reference: ({ x }) => map(reference.logSoftmax(x!), Math.exp),
  },
  {
    name: 'logSoftmax of large logits',
    inputs: { x: input([4, 5]) },
    run: ({ x }) => tf.logSoftmax(tf.mul(x!, 50)),
    reference: ({ x }) => reference.logSoftmax(map(x!, (value) => 50 * value)),
  },
  {
    name: 'softmax cross-entropy',
    inputs: { logits: input([4, 3]), labels: fixed([4], 'label') },
    run: ({ logits, labels }) => softmaxCrossEntropy(logits!, labels!),
    reference: ({ logits, labels }) => {
      const crossEntropy = combine(reference.logSoftmax(logits!), mask(labels!, 3), (a, b) => -a * b);
      return map(reference.sum(crossEntropy), (total) => total / 4);
    },
  },
  {
    name: 'distillation with a temperature',
    inputs: { student: input([4, 3]), teacher: fixed([4, 3], 'normal') },
    run: ({ student, teacher }) => temperatureKl(student!, teacher!, 4),
    reference: ({ student, teacher }) => {
      const [p, q] = [teacher!, student!].map((x) => reference.logSoftmax(map(x, (value) => value / 4)));
      const terms = combine(p!, q!, (a, b) => Math.exp(a) * (a - b));
      return map(reference.sum(terms), (total) => (16 * total) / 4);
    },
  },
  {
    name: 'argMax',
    inputs: { x: fixed([6, 5], 'apart') },
    run: ({ x }) => tf.cast(tf.argMax(x!, 1), 'float32'),
    reference: ({ x }) => argMax(x!),
  },
  {
    name: 'oneHot',
    inputs: { labels: fixed([5], 'label') },
    run: ({ labels }) => tf.cast(tf.oneHot(labels as Tensor1D, 4), 'float32'),
    reference: ({ labels }) => mask(labels!, 4),
  },
  {
    name: 'agreement',
    inputs: { a: fixed([9, 2], 'normal'), b: fixed([9, 2], 'normal') },
    run: ({ a, b }) => agreement(a!, b!),
    reference: ({ a, b }) => reference.mean(combine(argMax(a!), argMax(b!), (x, y) => (x === y ? 1 : 0))),
  },
  {
    name: 'area under the curve, with ties',
    inputs: { a: fixed([9], 'label'), b: fixed([7], 'label') },
    run: ({ a, b }) => areaUnderCurve(tf.cast(a!, 'float32'), tf.cast(b!, 'float32')),
    reference: ({ a, b }) =>
      reference.mean(combine(column(a!), b!, (x, y) => (x > y ? 1 : x === y ? 0.5 : 0))),
  },
];
