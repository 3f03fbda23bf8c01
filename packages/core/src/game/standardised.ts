import * as tf from '@tensorflow/tfjs-core';
import type { Normalization } from '../dataset.js';
import type { ClassifierOutputs, Network } from '../network.js';

/**
 * A classifier that takes bytes: (x - mean) / std per channel, then the network. Each player carries its
 * own normalisation, so the same bytes reach all of them. x: [B, H, W, C] in 0..255.
 */
export function standardised(
  network: Network<ClassifierOutputs>,
  { mean, std }: Normalization,
): Network<ClassifierOutputs> {
  const scale = std.map((s) => 1 / s);
  const shift = mean.map((m, c) => -m / std[c]!);
  return {
    name: `standardised(${network.name}, ${JSON.stringify({ mean, std })})`,
    init: (rng, input) => network.init(rng, input),
    apply: (variables, x, context) =>
      network.apply(variables, tf.add(tf.mul(x, tf.tensor1d(scale)), tf.tensor1d(shift)), context),
    summary: (input) => network.summary(input),
  };
}
