import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { FixedNormalization, Normalization } from '../contracts/dataset.js';
import type { ClassifierOutputs, Network } from '../contracts/network.js';

/**
 * A classifier that takes bytes: normalised, then the network. Each player carries its own normalisation, so
 * the same bytes reach all of them; what else the network has of its own (its quantisation, say) stays with it.
 * x: [B, H, W, C] in 0..255.
 */
export function normalizedNetwork(
  network: Network<ClassifierOutputs>,
  normalization: Normalization,
): Network<ClassifierOutputs> {
  return {
    ...network,
    name: `standardised(${network.name}, ${JSON.stringify(normalization)})`,
    init: (rng, input) => network.init(rng, input),
    apply: (variables, x, context) =>
      network.apply(
        variables,
        normalization === 'per-image' ? byItself(x) : fixed(x, normalization),
        context,
      ),
    summary: (input) => network.summary(input),
  };
}

/** One multiplication and one addition; channels are the last axis, so either kind of mean broadcasts. */
function fixed(x: Tensor, { mean, std }: FixedNormalization): Tensor {
  const scale = std.map((s) => 1 / s);
  const shift = mean.map((m, i) => -m * scale[i % std.length]!);
  const offsets = mean.length === std.length ? tf.tensor1d(shift) : tf.tensor(shift, x.shape.slice(1));
  return tf.add(tf.mul(x, tf.tensor1d(scale)), offsets);
}

/** Mean 0 and deviation 1 within each image; the deviation of a flat image is taken as 1 / √(H·W·C). */
function byItself(x: Tensor): Tensor {
  const axes = [1, 2, 3];
  const centred = tf.sub(x, tf.mean(x, axes, true)); // [B, H, W, C]
  const deviation = tf.sqrt(tf.mean(tf.square(centred), axes, true)); // [B, 1, 1, 1]
  return tf.div(centred, tf.maximum(deviation, 1 / Math.sqrt(x.size / x.shape[0])));
}
