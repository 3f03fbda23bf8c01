import { gradientAt, type Backend, type HostTensor, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { normalTensor } from '../harness/differentiable.js';
import { adversarialLossSubject } from '../objective/adversarial-loss-subject.js';
import { checkGradients, type Subject as Component } from '../objective/component-checks.js';
import { dataTermSubject, ofStudent } from '../objective/data-term-subject.js';
import { regularizerSubject } from '../objective/regularizer-subject.js';
import {
  toyFeatureTerm,
  ToyGradientPenalty,
  ToyHiddenDistance,
  ToyMemory,
  toyRelativistic,
} from '../toy/objective-components.js';
import { OP_LIMIT, type Subject } from './subject.js';

const components: readonly (() => Component)[] = [
  () => regularizerSubject(new ToyGradientPenalty()),
  () => regularizerSubject(new ToyMemory()),
  () => regularizerSubject(new ToyHiddenDistance()),
  () => adversarialLossSubject(toyRelativistic, 'discriminator'),
  () => adversarialLossSubject(toyRelativistic, 'student'),
  () => ofStudent(dataTermSubject(toyFeatureTerm)),
];

const plane = (x: Tensor): Tensor4D => tf.reshape(x, [3, 4, 4, 2]);

/** Layers of discriminators, after a linear map of the samples. x: [3, 32], or as many images [4, 4, 2]. */
const layers: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  tanh: (x) => tf.tanh(x),
  sigmoid: (x) => tf.sigmoid(x),
  exp: (x) => tf.exp(tf.mul(x, 0.3)),
  elu: (x) => tf.elu(x),
  softplus: (x) => tf.softplus(x),
  'relu, squared': (x) => tf.square(tf.relu(x)),
  'leaky relu, squared': (x) => tf.square(tf.leakyRelu(x, 0.2)),
  softmax: (x) => tf.square(tf.softmax(x)),
  'square root': (x) => tf.sqrt(tf.add(tf.square(x), 1)),
  division: (x) => tf.div(x, tf.add(tf.square(x), 1)),
  'clip, squared': (x) => tf.square(tf.clipByValue(x, -1, 1)),
  'where, squared': (x) => tf.square(tf.where(tf.greater(x, 0), x, tf.mul(x, 0.1))),
  'batch norm': (x) => {
    const mean = tf.mean(x, 0, true);
    const variance = tf.mean(tf.squaredDifference(x, mean), 0, true);
    return tf.square(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 0.1))));
  },
  convolution: (x) => tf.square(tf.conv2d(plane(x), kernel([3, 3, 2, 3]), 1, 'same')),
  'strided convolution': (x) => tf.square(tf.conv2d(plane(x), kernel([3, 3, 2, 3]), 2, 'same')),
  'depthwise convolution': (x) => tf.square(tf.depthwiseConv2d(plane(x), kernel([3, 3, 2, 1]), 1, 'same')),
  'strided depthwise convolution': (x) =>
    tf.square(tf.depthwiseConv2d(plane(x), kernel([3, 3, 2, 1]), 2, 'same')),
  'average pooling': (x) => tf.square(tf.avgPool(plane(x), 2, 2, 'valid')),
  'padded average pooling': (x) => tf.square(tf.avgPool(plane(x), 3, 2, 'same')),
  'max pooling': (x) => tf.square(tf.maxPool(plane(x), 2, 2, 'valid')),
  'overlapping max pooling': (x) => tf.square(tf.maxPool(plane(x), 3, 2, 'same')),
};

const kernel = ([h, w, input, output]: readonly [number, number, number, number]): Tensor4D =>
  tf.tensor4d(
    Array.from({ length: h * w * input * output }, (_, i) => Math.sin(1.7 * i + 1)),
    [h, w, input, output],
  );

const leaves: Tree<HostTensor> = {
  x: normalTensor('x', [3, 8]),
  w: normalTensor('w', [8, 32], 0.4),
  last: normalTensor('last', [1], 0.5),
};

/** Σ (∂D/∂x)², whose gradient is a second derivative of the layer. */
const penaltyOf = (name: string): Component => ({
  what: `a gradient penalty through ${name}`,
  leaves,
  compute: ({ x, w, last }) => {
    const discriminate = (at: Tensor): Scalar =>
      tf.sum(tf.mul(layers[name]!(tf.matMul(at as tf.Tensor2D, w as tf.Tensor2D)), last!));
    return tf.sum(tf.square(gradientAt(discriminate, x!)));
  },
});

/**
 * Components of the objective that use what their contexts offer, and gradient penalties through the layers of
 * discriminators: gradients against finite differences.
 */
export function describeObjective({ describe, test, oracle, operationLimit }: Subject): void {
  const reference = operationLimit > OP_LIMIT ? () => Promise.resolve(oracle) : null;
  const check = (backend: Backend, component: Component): Promise<void> =>
    checkGradients(() => Promise.resolve(backend), component, reference);
  describe('components of the objective', () => {
    for (const component of components) {
      test(component().what, (backend) => check(backend, component()));
    }
  });

  describe('second derivatives', () => {
    for (const name of Object.keys(layers)) {
      test(name, (backend) => check(backend, penaltyOf(name)));
    }
  });
}
