import * as tf from '@tensorflow/tfjs-core';
import { filled } from '../tree/tree.js';
import { modelInputError, type Layer, type LayerApplied } from './layer.js';

/** Options of `batchNorm`. */
export interface BatchNormOptions {
  /** Weight of the old running average at every step. */
  readonly momentum?: number;
  /** Added to the variance. */
  readonly epsilon?: number;
}

/** Of PyTorch, and of most networks. */
const USUAL_EPSILON = 1e-5;

/** x·a + c for a and c [C], in one pass: by the backends' batch-norm kernel. */
const affine = (x: tf.Tensor, a: tf.Tensor, c: tf.Tensor): tf.Tensor =>
  tf.batchNorm(x, tf.zerosLike(c), tf.onesLike(c), c, a, 0);

/**
 * Normalizes x [..., C] by its own mean and biased variance [C], scales by gamma and shifts by beta.
 *
 * The gradient is written by hand (Ioffe & Szegedy 2015, section 3, collected by powers of x): two reductions, Σdy
 * and Σdy·x, and one pass a·dy + b·x + c. It accounts for mean and variance as functions of x, so it is only correct
 * for x's own.
 */
function normalizeByOwnStatistics(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  epsilon: number,
): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis).slice(0, -1);
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const normalize = tf.customGrad((...inputs) => {
    const [x, gamma, beta, save] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    save([x, gamma, mean, variance]);
    const value = tf.batchNorm(x, mean, variance, beta, gamma, epsilon);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [x, gamma, mean, variance] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const scale = tf.rsqrt(tf.add(variance, epsilon)); // [C]
      const dBeta = tf.sum(dy, axes);
      const dScaled = tf.sub(tf.sum(tf.mul(dy, x), axes), tf.mul(mean, dBeta)); // Σ dy·(x - mean), [C]
      const dGamma = tf.mul(scale, dScaled);
      const a = tf.mul(gamma, scale);
      const b = tf.div(tf.mul(a, tf.mul(tf.square(scale), dScaled)), -count);
      const c = tf.neg(tf.add(tf.mul(b, mean), tf.div(tf.mul(a, dBeta), count)));
      const dx = tf.add(tf.mul(dy, a), affine(x, b, c));
      return [dx, dGamma, dBeta];
    };
    return { value, gradFunc };
  });
  return normalize(x, gamma, beta);
}

/**
 * Batch normalization over all axes but the last (Ioffe & Szegedy 2015): x [B, ..., C] -> the same shape.
 *
 * Params `gamma`, `beta` [C]; stats `mean`, `variance` [C]. In training it normalizes by the batch's mean and biased
 * variance, and returns running averages in which the batch has the weight 1 - momentum, its variance unbiased; in
 * inference it uses the running averages. It counts as no FLOPs, as in the paper.
 */
export function batchNorm(name: string, options: BatchNormOptions = {}): Layer {
  const { momentum = 0.9, epsilon = USUAL_EPSILON } = options;
  const channelsOf = (input: readonly number[]): number => {
    if (input.length === 0) throw modelInputError(name, 'at least one axis', input);
    return input.at(-1)!;
  };
  return {
    name,
    outputShape(input) {
      channelsOf(input);
      return input;
    },
    init(_rng, input) {
      const shape = [channelsOf(input)];
      return {
        params: { gamma: filled(shape, 1), beta: filled(shape) },
        stats: { mean: filled(shape), variance: filled(shape, 1) },
      };
    },
    apply({ params, stats }, x, context): LayerApplied {
      const gamma = params['gamma']!;
      const beta = params['beta']!;
      const running = { mean: stats['mean'] as tf.Tensor1D, variance: stats['variance'] as tf.Tensor1D };
      if (!context.training) {
        context.normalized?.({ x, ...running });
        const output = tf.batchNorm(x, running.mean, running.variance, beta, gamma, epsilon);
        return { output, stats: {} };
      }
      const axes = x.shape.map((_, axis) => axis).slice(0, -1);
      const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
      const mean = tf.mean(x, axes);
      const variance = tf.mean(tf.squaredDifference(x, mean), axes);
      const unbiased = tf.mul(variance, count / Math.max(count - 1, 1));
      const average = (old: tf.Tensor, now: tf.Tensor): tf.Tensor =>
        tf.add(tf.mul(old, momentum), tf.mul(now, 1 - momentum));
      return {
        output: normalizeByOwnStatistics(x, gamma, beta, mean, variance, epsilon),
        stats: { mean: average(running.mean, mean), variance: average(running.variance, unbiased) },
      };
    },
    summary(input) {
      const own = epsilon === USUAL_EPSILON ? {} : { epsilon };
      return [{ name, output: input, parameters: 2 * channelsOf(input), flops: 0, ...own }];
    },
  };
}
