import {
  agreement,
  areaUnderCurve,
  batchNorm,
  gradientAt,
  softmaxCrossEntropy,
  temperatureKl,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { at, build, combine, map, pixel, type Float64 } from './array.js';
import type { Fill, InputSpec, OpCase } from './op-case.js';
import * as reference from './reference.js';

const input = (shape: readonly number[], fill: Fill = 'normal'): InputSpec => ({ shape, fill });
const fixed = (shape: readonly number[], fill: Fill): InputSpec => ({ shape, fill, fixed: true });

function unary(
  name: string,
  run: (x: Tensor) => Tensor,
  f: (x: number) => number,
  fill: Fill = 'normal',
): OpCase {
  return {
    name,
    inputs: { x: input([3, 5], fill) },
    run: ({ x }) => run(x!),
    reference: ({ x }) => map(x!, f),
  };
}

function binary(
  name: string,
  run: (a: Tensor, b: Tensor) => Tensor,
  f: (a: number, b: number) => number,
  fill: Fill = 'normal',
): OpCase[] {
  const pairs: [string, number[], number[]][] = [
    ['', [2, 3, 4], [2, 3, 4]],
    [' with a row', [2, 3, 4], [4]],
    [' with a scalar', [], [2, 3, 4]],
  ];
  return pairs.map(([how, a, b]) => ({
    name: name + how,
    inputs: { a: input(a, fill), b: input(b, fill === 'apart' ? 'normal' : fill) },
    run: ({ a, b }) => run(a!, b!),
    reference: ({ a, b }) => combine(a!, b!, f),
  }));
}

const elementwise: OpCase[] = [
  ...binary('add', tf.add, (a, b) => a + b),
  ...binary('sub', tf.sub, (a, b) => a - b),
  ...binary('mul', tf.mul, (a, b) => a * b),
  ...binary('div', tf.div, (a, b) => a / b, 'positive'),
  ...binary('maximum', tf.maximum, Math.max, 'apart'),
  ...binary('minimum', tf.minimum, Math.min, 'apart'),
  ...binary('squaredDifference', tf.squaredDifference, (a, b) => (a - b) ** 2),
  unary('neg', tf.neg, (x) => -x),
  unary('abs', tf.abs, Math.abs, 'apart'),
  unary('square', tf.square, (x) => x * x),
  unary('sqrt', tf.sqrt, Math.sqrt, 'positive'),
  unary('rsqrt', tf.rsqrt, (x) => 1 / Math.sqrt(x), 'positive'),
  unary('exp', tf.exp, Math.exp),
  unary('log', tf.log, Math.log, 'positive'),
  unary('sigmoid', tf.sigmoid, reference.sigmoid),
  unary('tanh', tf.tanh, Math.tanh),
  unary('softplus', tf.softplus, reference.softplus),
  unary(
    'softplus far from zero',
    (x) => tf.softplus(tf.mul(x, 30)),
    (x) => reference.softplus(30 * x),
  ),
  unary('relu', tf.relu, (x) => Math.max(x, 0), 'apart'),
  unary(
    'relu6',
    (x) => tf.relu6(tf.mul(x, 5)),
    (x) => Math.min(Math.max(5 * x, 0), 6),
    'apart',
  ),
  unary(
    'clipByValue',
    (x) => tf.clipByValue(x, -1, 1),
    (x) => Math.min(Math.max(x, -1), 1),
    'apart',
  ),
  unary('sign', tf.sign, Math.sign, 'apart'),
  unary(
    'where',
    (x) => tf.where(tf.greater(x, 0.1), tf.square(x), tf.neg(x)),
    (x) => (x > 0.1 ? x * x : -x),
    'apart',
  ),
];

const reductions: OpCase[] = [
  ...([[[0]], [[1]], [[0, 2]], [[0, 1, 2]]] as [number[]][]).flatMap(([axes]): OpCase[] => [
    {
      name: `sum over ${axes.join()}`,
      inputs: { x: input([3, 4, 5]) },
      run: ({ x }) => tf.sum(x!, axes),
      reference: ({ x }) => reference.sum(x!, axes),
    },
    {
      name: `mean over ${axes.join()}`,
      inputs: { x: input([3, 4, 5]) },
      run: ({ x }) => tf.mean(x!, axes),
      reference: ({ x }) => reference.mean(x!, axes),
    },
  ]),
  {
    name: 'mean over the plane',
    inputs: { x: input([2, 3, 4, 5]) },
    run: ({ x }) => tf.mean(x!, [1, 2]),
    reference: ({ x }) => reference.mean(x!, [1, 2]),
  },
  {
    name: 'sum of many',
    inputs: { x: fixed([40, 40, 40], 'normal') },
    run: ({ x }) => tf.sum(tf.add(x!, 1)),
    reference: ({ x }) => reference.sum(map(x!, (value) => value + 1)),
  },
  {
    name: 'max over 1',
    inputs: { x: input([3, 5], 'apart') },
    run: ({ x }) => tf.max(x!, 1),
    reference: ({ x }) => reference.max(x!, [1]),
  },
];

const products: OpCase[] = [
  {
    name: 'matMul',
    inputs: { a: input([4, 7]), b: input([7, 5]) },
    run: ({ a, b }) => tf.matMul(a as Tensor2D, b as Tensor2D),
    reference: ({ a, b }) => reference.matMul(a!, b!),
  },
  {
    name: 'matMul of transposed',
    inputs: { a: input([7, 4]), b: input([5, 7]) },
    run: ({ a, b }) => tf.matMul(a as Tensor2D, b as Tensor2D, true, true),
    reference: ({ a, b }) =>
      reference.matMul(reference.transpose(a!, [1, 0]), reference.transpose(b!, [1, 0])),
  },
  {
    name: 'matMul of batches',
    inputs: { a: input([2, 3, 4]), b: input([2, 4, 5]) },
    run: ({ a, b }) => tf.matMul(a!, b!),
    reference: ({ a, b }) => reference.matMul(a!, b!),
  },
];

type Window = [size: number, stride: number, padding: 'same' | 'valid' | number];
const rounding = (padding: Window[2]): 'floor' | undefined =>
  typeof padding === 'number' ? 'floor' : undefined;
const named = (name: string, [size, stride, padding]: Window): string =>
  `${name} ${size}×${size}, stride ${stride}, padding ${padding}`;

const convolutions: OpCase[] = [
  ...(
    [
      [3, 1, 'same'],
      [3, 2, 'same'],
      [5, 1, 'valid'],
      [1, 1, 'same'],
      [1, 2, 'same'],
      [3, 2, 1],
      [2, 2, 'valid'],
    ] as Window[]
  ).map((window): OpCase => {
    const [size, stride, padding] = window;
    return {
      name: named('conv2d', window),
      inputs: { x: input([2, 6, 5, 2]), filter: input([size, size, 2, 3]) },
      run: ({ x, filter }) =>
        tf.conv2d(x as Tensor4D, filter as Tensor4D, stride, padding, 'NHWC', 1, rounding(padding)),
      reference: ({ x, filter }) => reference.conv2d(x!, filter!, stride, padding),
    };
  }),
  ...(
    [
      [3, 1, 'same'],
      [3, 2, 'same'],
      [3, 2, 1],
      [3, 1, 'valid'],
    ] as Window[]
  ).map((window): OpCase => {
    const [size, stride, padding] = window;
    return {
      name: named('depthwiseConv2d', window),
      inputs: { x: input([2, 6, 5, 2]), filter: input([size, size, 2, 1]) },
      run: ({ x, filter }) =>
        tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, stride, padding, 'NHWC', 1, rounding(padding)),
      reference: ({ x, filter }) => reference.depthwiseConv2d(x!, filter!, stride, padding),
    };
  }),
];

const pools: OpCase[] = [
  ...(
    [
      [2, 2, 'valid'],
      [3, 2, 'same'],
      [3, 2, 1],
      [3, 1, 'valid'],
    ] as Window[]
  ).flatMap((window): OpCase[] => {
    const [size, stride, padding] = window;
    const shape = [2, 6, 5, 2];
    const largest = (fill: Fill, how: string): OpCase => ({
      name: named('maxPool', window) + how,
      inputs: { x: input(shape, fill) },
      run: ({ x }) => tf.maxPool(x as Tensor4D, size, stride, padding, rounding(padding)),
      reference: ({ x }) => reference.maxPool(x!, size, stride, padding),
    });
    return [
      largest('apart', ''),
      largest('negative', ', all below zero'),
      {
        name: named('avgPool', window),
        inputs: { x: input(shape) },
        run: ({ x }) => tf.avgPool(x as Tensor4D, size, stride, padding, rounding(padding)),
        reference: ({ x }) => reference.avgPool(x!, size, stride, padding),
      },
    ];
  }),
];

const layer = batchNorm('norm', { momentum: 0.75, epsilon: 1e-3 });
const training = {
  training: true,
  noise: () => {
    throw new Error('batch norm draws nothing');
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

const normalisations: OpCase[] = [
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
      reference.normalise(x!, gamma!, beta!, { mean: mean!, variance: variance! }, 1e-3),
  },
  {
    name: 'batch norm by the batch',
    inputs: normInputs,
    run: (inputs) => layer.apply(normVariables(inputs), inputs.x!, training).output,
    reference: ({ x, gamma, beta }) => reference.normalise(x!, gamma!, beta!, reference.momentsOf(x!), 1e-3),
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
      const now = reference.momentsOf(inputs.x!)[which];
      return combine(inputs[which]!, now, (old, value) => 0.75 * old + 0.25 * value * unbiased);
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

const classification: OpCase[] = [
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
      const chosen = combine(reference.logSoftmax(logits!), mask(labels!, 3), (a, b) => -a * b);
      return map(reference.sum(chosen), (total) => total / 4);
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

const layout: OpCase[] = [
  {
    name: 'reshape',
    inputs: { x: input([2, 3, 4]) },
    run: ({ x }) => tf.reshape(x!, [4, 6]),
    reference: ({ x }) => ({ shape: [4, 6], data: x!.data }),
  },
  {
    name: 'transpose',
    inputs: { x: input([2, 3, 4]) },
    run: ({ x }) => tf.transpose(x!, [2, 0, 1]),
    reference: ({ x }) => reference.transpose(x!, [2, 0, 1]),
  },
  {
    name: 'pad channels',
    inputs: { x: input([2, 3, 3, 2]) },
    run: ({ x }) =>
      tf.pad(x as Tensor4D, [
        [0, 0],
        [0, 0],
        [0, 0],
        [1, 2],
      ]),
    reference: ({ x }) =>
      build([2, 3, 3, 5], ([b, h, w, c]) => (c! < 1 || c! > 2 ? 0 : pixel(x!, [b!, h!, w!, c! - 1]))),
  },
  {
    name: 'concat',
    inputs: { a: input([2, 3]), b: input([2, 2]) },
    run: ({ a, b }) => tf.concat([a!, b!], 1),
    reference: ({ a, b }) => build([2, 5], ([i, j]) => (j! < 3 ? at(a!, [i!, j!]) : at(b!, [i!, j! - 3]))),
  },
  {
    name: 'slice',
    inputs: { x: input([4, 5]) },
    run: ({ x }) => tf.slice(x!, [1, 2], [2, 3]),
    reference: ({ x }) => build([2, 3], ([i, j]) => at(x!, [i! + 1, j! + 2])),
  },
  {
    name: 'broadcastTo',
    inputs: { x: input([3, 1]) },
    run: ({ x }) => tf.broadcastTo(x!, [2, 3, 4]),
    reference: ({ x }) => build([2, 3, 4], ([, i]) => at(x!, [i!, 0])),
  },
];

/** ∂D/∂x of a two-layer D, squared and summed: what a gradient penalty differentiates once more. */
const secondDerivatives: OpCase[] = [
  {
    name: 'gradient penalty',
    inputs: { x: input([3, 4]), hidden: input([4, 5]), last: input([5, 1]) },
    run: ({ x, hidden, last }) => {
      const judge = (at: Tensor): Scalar =>
        tf.sum(tf.matMul(tf.softplus(tf.matMul(at as Tensor2D, hidden as Tensor2D)), last as Tensor2D));
      return tf.sum(tf.square(gradientAt(judge, x!)));
    },
    reference: ({ x, hidden, last }) => {
      const slope = map(reference.matMul(x!, hidden!), reference.sigmoid); // [B, 5]
      const weighted = combine(slope, { shape: [1, 5], data: last!.data }, (a, b) => a * b);
      const gradient = reference.matMul(weighted, reference.transpose(hidden!, [1, 0]));
      return reference.sum(map(gradient, (g) => g * g));
    },
  },
];

/** Every operation that networks, methods and discriminators use. */
export const opCases: readonly OpCase[] = [
  ...elementwise,
  ...reductions,
  ...products,
  ...convolutions,
  ...pools,
  ...normalisations,
  ...classification,
  ...layout,
  ...secondDerivatives,
];
