import { gradientAt } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { combine, map } from '../float64/array.js';
import type { OpCase } from './op-case.js';
import * as reference from '../float64/reference.js';
import { binary, fixed, input, unary } from './declare.js';

export const elementwise: OpCase[] = [
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

export const reductions: OpCase[] = [
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

export const products: OpCase[] = [
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

/** Σ (∂D/∂x)² of a two-layer D, whose gradient is a second derivative: a gradient penalty. */
export const secondDerivatives: OpCase[] = [
  {
    name: 'gradient penalty',
    inputs: { x: input([3, 4]), hidden: input([4, 5]), last: input([5, 1]) },
    run: ({ x, hidden, last }) => {
      const discriminate = (at: Tensor): Scalar =>
        tf.sum(tf.matMul(tf.softplus(tf.matMul(at as Tensor2D, hidden as Tensor2D)), last as Tensor2D));
      return tf.sum(tf.square(gradientAt(discriminate, x!)));
    },
    reference: ({ x, hidden, last }) => {
      const slope = map(reference.matMul(x!, hidden!), reference.sigmoid); // [B, 5]
      const weighted = combine(slope, { shape: [1, 5], data: last!.data }, (a, b) => a * b);
      const gradient = reference.matMul(weighted, reference.transpose(hidden!, [1, 0]));
      return reference.sum(map(gradient, (g) => g * g));
    },
  },
];
