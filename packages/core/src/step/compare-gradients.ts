import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { GradientNorms } from '../contracts/objective.js';
import type { Tree } from '../tree/tree.js';

const rowNorms = (x: Tensor): Tensor => tf.sqrt(tf.sum(tf.square(x), 1)); // [B, d] -> [B]

/** [B, …] -> [B, d]. */
const rows = (x: Tensor): Tensor => tf.reshape(x, [x.shape[0], -1]);

/**
 * Norms of the two gradients that meet at the discriminator's input, and the cosine of the angle between them.
 *
 * @param dataGradient [B, …], of λ · data term.
 * @param adversarialGradient [B, …], of the adversarial loss, unweighted.
 * @param weight of the adversarial loss in the student's loss.
 * @returns the norms as the balancer takes them, means over the batch; and as metrics, per sample: times B, the
 *   adversarial one times the weight.
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
  // Losses are means over the batch, so a row of the gradient is B times smaller than the sample's own gradient.
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
