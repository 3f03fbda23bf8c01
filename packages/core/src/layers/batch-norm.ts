import * as tf from '@tensorflow/tfjs-core';
import type { BatchRanks } from '../contracts/network.js';
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

/** Mean and biased variance of a batch, [C] each, and how many numbers of a channel they are of. */
interface Moments {
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
  /** A scalar tensor where ranks may have different numbers of rows. */
  readonly count: number | tf.Tensor;
}

const axesOf = (x: tf.Tensor): number[] => x.shape.map((_, axis) => axis).slice(0, -1);

/** How many numbers x [..., C] has of each channel. */
const countOf = (x: tf.Tensor): number => axesOf(x).reduce((product, axis) => product * x.shape[axis]!, 1);

function ownMoments(x: tf.Tensor): Moments {
  const axes = axesOf(x);
  const mean = tf.mean(x, axes);
  return { mean, variance: tf.mean(tf.squaredDifference(x, mean), axes), count: countOf(x) };
}

/**
 * Of the rows of all ranks, by one exchange. The variance is the mean of the ranks' variances plus that of their means
 * (Chan et al. 1983); means are taken relative to the running average, near which they lie, so that little cancels.
 */
function sharedMoments(x: tf.Tensor, running: tf.Tensor, ranks: BatchRanks): Moments {
  const own = ownMoments(x);
  const channels = running.size;
  const shift = tf.sub(own.mean, running); // [C]
  const second = tf.add(own.variance, tf.square(shift)); // [C]
  const share = tf.fill([1], 1 / countOf(x));
  const means = ranks.mean(tf.concat([shift, second, share])); // [2 C + 1]
  const meanShift = tf.slice(means, [0], [channels]);
  const meanSecond = tf.slice(means, [channels], [channels]);
  return {
    mean: tf.add(running, meanShift),
    variance: tf.relu(tf.sub(meanSecond, tf.square(meanShift))),
    count: tf.div(ranks.count, tf.reshape(tf.slice(means, [2 * channels], [1]), [])),
  };
}

/** Two vectors [C] as means over ranks, by one exchange. */
function meansOf(ranks: BatchRanks, a: tf.Tensor, b: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const means = ranks.mean(tf.concat([a, b]));
  return [tf.slice(means, [0], [a.size]), tf.slice(means, [a.size], [a.size])];
}

/**
 * Normalizes x [..., C] by the mean and biased variance [C] of its batch, scales by gamma and shifts by beta.
 *
 * The gradient is written by hand (Ioffe & Szegedy 2015, section 3, collected by powers of x): two reductions, Σdy
 * and Σdy·(x - mean), and one pass a·dy + b·x + c. It accounts for mean and variance as functions of x, so it is only
 * correct for x's own, or for those of all ranks: then the two sums are means over the ranks in the gradient of x, while
 * those of gamma and beta are of this rank's loss, as all gradients of parameters.
 */
function normalize(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { mean, variance }: Moments,
  epsilon: number,
  ranks: BatchRanks | undefined,
): tf.Tensor {
  const axes = axesOf(x);
  const count = countOf(x);
  const operation = tf.customGrad((...inputs) => {
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
      const [scaled, shifted] = ranks === undefined ? [dScaled, dBeta] : meansOf(ranks, dScaled, dBeta);
      const b = tf.div(tf.mul(a, tf.mul(scale, tf.mul(scale, scaled))), -count);
      const c = tf.sub(tf.div(tf.mul(a, shifted), -count), tf.mul(b, mean));
      const dx = tf.add(tf.mul(dy, a), affine(x, b, c));
      return [dx, dGamma, dBeta];
    };
    return { value, gradFunc };
  });
  return operation(x, gamma, beta);
}

/** n / (n - 1), by which a biased variance becomes an unbiased one. */
const besselCorrection = (count: number | tf.Tensor): number | tf.Tensor =>
  typeof count === 'number' ? count / Math.max(count - 1, 1) : tf.div(count, tf.maximum(tf.sub(count, 1), 1));

/**
 * Batch normalization over all axes but the last (Ioffe & Szegedy 2015): x [B, ..., C] -> the same shape.
 *
 * Params `gamma`, `beta` [C]; stats `mean`, `variance` [C]. In training it normalizes by the batch's mean and biased
 * variance, and returns running averages in which the batch has the weight 1 - momentum, its variance unbiased; in
 * inference it uses the running averages. Where ranks share the batch (`Context.ranks`), its statistics are those of all
 * of their rows. It counts as no FLOPs, as in the paper.
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
      const { ranks } = context;
      const moments = ranks === undefined ? ownMoments(x) : sharedMoments(x, running.mean, ranks);
      const { mean, variance, count } = moments;
      const unbiased = tf.mul(variance, besselCorrection(count));
      const average = (old: tf.Tensor, now: tf.Tensor): tf.Tensor =>
        tf.add(tf.mul(old, momentum), tf.mul(now, 1 - momentum));
      return {
        output: normalize(x, gamma, beta, moments, epsilon, ranks),
        stats: { mean: average(running.mean, mean), variance: average(running.variance, unbiased) },
      };
    },
    summary(input) {
      const own = epsilon === USUAL_EPSILON ? {} : { epsilon };
      return [{ name, output: input, parameters: 2 * channelsOf(input), flops: 0, ...own }];
    },
  };
}
