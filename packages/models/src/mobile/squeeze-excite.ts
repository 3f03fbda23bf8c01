import {
  conv2d,
  mergeTrees,
  modelInputError,
  prefixTree,
  subtree,
  type Initializer,
  type Layer,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { hardSigmoid } from './activations.js';

/** Options of `squeezeExcite`. */
export interface SqueezeExciteOptions {
  /** Channels between the two 1×1 convolutions. */
  readonly squeezed: number;
  readonly initializer: Initializer;
}

/**
 * Scales each channel by a number between 0 and 1 that is computed from the means of all channels (Hu et al. 2018):
 * x [B, H, W, C] -> x · hardSigmoid(fc2(relu(fc1(mean x)))), with the convolutions `fc1` and `fc2` of 1×1 pixels.
 */
export function squeezeExcite(name: string, { squeezed, initializer }: SqueezeExciteOptions): Layer {
  const channelsOf = (input: readonly number[]): number => {
    if (input.length !== 3) throw modelInputError(name, 'an image [height, width, channels]', input);
    return input[2]!;
  };
  const [inward, outward] = [
    conv2d('fc1', { kernelSize: 1, filters: squeezed, initializer }),
    (channels: number) => conv2d('fc2', { kernelSize: 1, filters: channels, initializer }),
  ];
  return {
    name,
    outputShape: (input) => {
      channelsOf(input);
      return input;
    },
    init(rng, input) {
      const channels = channelsOf(input);
      const first = inward.init(rng.split('fc1'), [1, 1, channels]);
      const second = outward(channels).init(rng.split('fc2'), [1, 1, squeezed]);
      return {
        params: mergeTrees(prefixTree('fc1', first.params), prefixTree('fc2', second.params)),
        stats: {},
      };
    },
    apply({ params }, x, context) {
      const own = (layer: string) => ({ params: subtree(params, layer), stats: {} });
      const means = tf.mean(x, [1, 2], true); // [B, 1, 1, C]
      const hidden = tf.relu(inward.apply(own('fc1'), means, context).output);
      const scores = outward(x.shape[3]!).apply(own('fc2'), hidden, context).output;
      return { output: tf.mul(x, hardSigmoid(scores)), stats: {} };
    },
    summary(input) {
      const channels = channelsOf(input);
      const rows = [...inward.summary([1, 1, channels]), ...outward(channels).summary([1, 1, squeezed])].map(
        (row) => ({ ...row, name: `${name}/${row.name}` }),
      );
      return [...rows, { name: `${name}/scale`, output: input, parameters: 0, flops: 0 }];
    },
  };
}
