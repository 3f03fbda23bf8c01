import { dense, type Layer } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Global average pooling and a dense layer, with class maps beside them: [H, W, C] -> [classes]. A class map is the dense
 * layer at every position; the mean of a class's map is its logit (class activation mapping, Zhou 2016). Variables are
 * those of the dense layer, so weights are the same as without the maps, and so is the count of FLOPs: prediction needs no
 * maps. Taps `class-maps` [H, W, classes] and `features` [C].
 */
export function classMapHead(...of: Parameters<typeof dense>): Layer {
  const linear = dense(...of);
  const width = (input: readonly number[]): readonly number[] => [input.at(-1)!];
  return {
    name: linear.name,
    outputShape: (input) => linear.outputShape(width(input)),
    init: (rng, input) => linear.init(rng, width(input)),
    apply(variables, x, context) {
      const [batch, height, wide, channels] = x.shape as [number, number, number, number];
      const rows = linear.apply(variables, tf.reshape(x, [-1, channels]), context).output;
      context.activation('class-maps', tf.reshape(rows, [batch, height, wide, -1]));
      return linear.apply(variables, context.activation('features', tf.mean(x, [1, 2])), context);
    },
    summary: (input) => linear.summary(width(input)),
  };
}
