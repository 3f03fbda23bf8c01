import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { FixedNormalization, Normalization } from '../contracts/dataset.js';
import type { ClassifierOutputs, Network } from '../contracts/network.js';

/**
 * A classifier of bytes: normalizes them, then applies the network. Teacher and student each have their own
 * normalization and take the same bytes. Further properties of the network (such as its quantization) are kept.
 *
 * x: [B, H, W, C] in 0..255.
 */
export function normalizedNetwork(
  network: Network<ClassifierOutputs>,
  normalization: Normalization,
): Network<ClassifierOutputs> {
  return {
    ...network,
    name: `normalized(${network.name}, ${JSON.stringify(normalization)})`,
    init: (rng, input) => network.init(rng, input),
    apply: (variables, x, context) =>
      network.apply(
        variables,
        normalization === 'per-image' ? normalizeEach(x) : normalizeFixed(x, normalization),
        context,
      ),
    summary: (input) => network.summary(input),
  };
}

/**
 * One multiplication and one addition; channels are the last axis, so a mean per channel and a mean image broadcast.
 */
function normalizeFixed(x: Tensor, { mean, std }: FixedNormalization): Tensor {
  const scale = std.map((s) => 1 / s);
  const shift = mean.map((m, i) => -m * scale[i % std.length]!);
  const offsets = mean.length === std.length ? tf.tensor1d(shift) : tf.tensor(shift, x.shape.slice(1));
  return tf.add(tf.mul(x, tf.tensor1d(scale)), offsets);
}

/**
 * Mean 0 and standard deviation 1 in each image; a standard deviation is at least 1 / √(H·W·C), for uniform images.
 */
function normalizeEach(x: Tensor): Tensor {
  const axes = [1, 2, 3];
  const centered = tf.sub(x, tf.mean(x, axes, true)); // [B, H, W, C]
  const deviation = tf.sqrt(tf.mean(tf.square(centered), axes, true)); // [B, 1, 1, 1]
  return tf.div(centered, tf.maximum(deviation, 1 / Math.sqrt(x.size / x.shape[0])));
}
