import * as tf from '@tensorflow/tfjs-core';
import './stock-gradients/index.js'; // registered first: those below replace some
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Gradients that can be differentiated again.
 *
 * tfjs loses the second derivative of every kernel that saves its output for the backward pass: the copy of the
 * output is on the tape before the kernel, so nothing connects it to the input, and the gradient of the gradient is
 * silently zero. The gradients here save the input and compute the output again.
 *
 * Still zero: `tf.logSoftmax`, which is not a kernel (write x - logSumExp(x) where its gradient is penalized).
 */
function registerFromInput(
  kernelName: string,
  input: string,
  derivative: (dy: Tensor, x: Tensor, attrs: Readonly<Record<string, unknown>>) => Tensor,
): void {
  tf.registerGradient({
    kernelName,
    inputsToSave: [input],
    gradFunc: (dy, saved, attrs) => ({ [input]: () => derivative(dy as Tensor, saved[0]!, attrs) }),
  });
}

registerFromInput('Tanh', 'x', (dy, x) => tf.mul(dy, tf.sub(1, tf.square(tf.tanh(x)))));

registerFromInput('Exp', 'x', (dy, x) => tf.mul(dy, tf.exp(x)));

registerFromInput('Sigmoid', 'x', (dy, x) => {
  const y = tf.sigmoid(x);
  return tf.mul(dy, tf.mul(y, tf.sub(1, y)));
});

registerFromInput('Elu', 'x', (dy, x) => {
  const above = tf.step(x);
  return tf.mul(dy, tf.add(above, tf.mul(tf.sub(1, above), tf.exp(tf.minimum(x, 0)))));
});

registerFromInput('Softmax', 'logits', (dy, x, attrs) => {
  const dim = attrs.dim as number;
  const y = tf.softmax(x, dim);
  const weighted = tf.mul(dy, y);
  return tf.sub(weighted, tf.mul(tf.sum(weighted, dim, true), y));
});
