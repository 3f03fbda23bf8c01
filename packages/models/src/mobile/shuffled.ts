import { mergeTrees, modelInputError, sequential, type Layer } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';

/** The branches of a unit. */
export interface Branches {
  /** Applied to all channels; where left out, the first half of the channels stays as it is and `right` takes the other. */
  readonly left?: Layer;
  readonly right: Layer;
}

/**
 * Interleaves the channels of two images of equal shape: a0, b0, a1, b1, …, which is the channel shuffle of two groups
 * (Zhang et al. 2018). 2 × [B, H, W, C] -> [B, H, W, 2·C].
 */
function interleaved(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const [batch, height, width, channels] = a.shape as [number, number, number, number];
  const groups = tf.reshape(tf.concat([a, b], 3), [batch, height, width, 2, channels]);
  return tf.reshape(tf.transpose(groups, [0, 1, 2, 4, 3]), [batch, height, width, 2 * channels]);
}

/** Two branches whose outputs are joined and shuffled: the units of ShuffleNetV2 (Ma et al. 2018). */
export function shuffled(name: string, { left, right }: Branches): Layer {
  const layers = left === undefined ? [right] : [left, right];
  const branches = layers.map((layer) => sequential(name, [layer]));
  const last = branches.at(-1)!;
  const inputs = (input: readonly number[]): readonly number[] => {
    if (left !== undefined) return input;
    if (input.length !== 3 || input[2]! % 2 !== 0) {
      throw modelInputError(name, 'an image of an even number of channels', input);
    }
    return [input[0]!, input[1]!, input[2]! / 2];
  };
  return {
    name,
    outputShape(input) {
      const [height, width, channels] = last.outputShape(inputs(input)) as [number, number, number];
      return [height, width, 2 * channels];
    },
    init(rng, input) {
      const made = branches.map((branch) => branch.init(rng, inputs(input)));
      return {
        params: mergeTrees(...made.map(({ params }) => params)),
        stats: mergeTrees(...made.map(({ stats }) => stats)),
      };
    },
    apply(variables, x, context) {
      const [a, b] = left === undefined ? tf.split(x, 2, 3) : [x, x];
      const kept =
        left === undefined ? { output: a!, stats: {} } : branches[0]!.apply(variables, a!, context);
      const other = last.apply(variables, b!, context);
      return {
        output: interleaved(kept.output, other.output),
        stats: { ...kept.stats, ...other.stats },
      };
    },
    summary(input) {
      const rows = branches.flatMap((branch) => branch.summary(inputs(input)));
      return [...rows, { name: `${name}/shuffle`, output: this.outputShape(input), parameters: 0, flops: 0 }];
    },
  };
}
