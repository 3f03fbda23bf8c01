import * as tf from '@tensorflow/tfjs-core';
import './stock-gradients/index.js'; // those below replace some
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Gradients that can themselves be differentiated.
 *
 * tfjs loses the second derivative of every kernel that saves its output for the backward pass: the copy of the
 * output comes to stand on the tape before the kernel, so nothing leads from it back to the input, and the gradient
 * of the gradient is silently zero. These save the input and compute the output again.
 *
 * Still lost: `tf.logSoftmax`, which is no kernel (write x - logSumExp(x) where its slope is penalised). Refused with
 * an error: pooling, depthwise convolution, clipByValue, where.
 */
function registerFromInput(
  kernelName: string,
  input: string,
  slope: (dy: Tensor, x: Tensor, attrs: Readonly<Record<string, unknown>>) => Tensor,
): void {
  tf.registerGradient({
    kernelName,
    inputsToSave: [input],
    gradFunc: (dy, saved, attrs) => ({ [input]: () => slope(dy as Tensor, saved[0]!, attrs) }),
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
