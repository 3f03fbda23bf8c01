import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { GradientNorms } from '../contracts/objective.js';
import type { Tree } from '../tree/tree.js';

const rowNorms = (x: Tensor): Tensor => tf.sqrt(tf.sum(tf.square(x), 1)); // [B, d] -> [B]

/** [B, …] -> [B, d]. */
const rows = (x: Tensor): Tensor => tf.reshape(x, [x.shape[0], -1]);

/**
 * Sizes and angle of the two gradients that meet at the discriminator's input.
 *
 * @param dataGradient [B, …], of λ · data.
 * @param adversarialGradient [B, …], unweighted.
 * @param weight what the adversarial term is multiplied by in the loss.
 */
export function compareGradients(
  dataGradient: Tensor,
  adversarialGradient: Tensor,
  weight: Scalar,
): { readonly norms: GradientNorms; readonly metrics: Tree<Scalar> } {
  const [data, adversarial] = [rows(dataGradient), rows(adversarialGradient)];
  const [dataRows, adversarialRows] = [rowNorms(data), rowNorms(adversarial)];
  const norms = { data: tf.mean<Scalar>(dataRows), adversarial: tf.mean<Scalar>(adversarialRows) };
  const dot = tf.sum(tf.mul(data, adversarial), 1); // [B]
  const cosine = tf.mean(tf.div(dot, tf.maximum(tf.mul(dataRows, adversarialRows), 1e-20)));
  // Batches are averages: a sample's share of the gradient is B times smaller than its own gradient.
  const samples = data.shape[0];
  return {
    norms,
    metrics: {
      'gradient/data': tf.mul(norms.data, samples),
      'gradient/adversarial': tf.mul(tf.mul(norms.adversarial, weight), samples),
      'gradient/cosine': cosine as Scalar,
    },
  };
}
