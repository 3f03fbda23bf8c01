import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Makes the mean over ranks differentiable, any number of times.
 *
 * Ranks have losses L_r, means over their n_r of N rows, and the loss of the batch is L = Σ n_r/N·L_r. Rank r computes
 * gradients δ_r of which n_r/N·δ_r is ∂L, because gradients of parameters are averaged with these weights in the end. For
 * m = Σ n_r/N·v_r this gives ∂L/∂v_r = n_r/N·Σ_q n_q/N·δ_q, and so δ(v_r) = Σ_q n_q/N·δ_q: the mean of the gradients.
 *
 * @param mean the mean over ranks of a float32 tensor, a new tensor of the same shape
 */
export function differentiableRankMean(mean: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  const operation: (x: Tensor) => Tensor = tf.customGrad((x) => ({
    value: mean(x as Tensor),
    gradFunc: (dy: Tensor): Tensor => operation(dy),
  }));
  return operation;
}
