import * as tf from '@tensorflow/tfjs-core';
import { mergeTrees } from '../tree.js';
import { modelInputError, type Layer } from './layer.js';
import { assertDistinct, sequential } from './sequential.js';

/**
 * branch(x) + shortcut(x) (He et al. 2015); an empty shortcut is the identity.
 * The variables of both sides are named after their layers, without a level of their own.
 */
export function residual(name: string, branch: readonly Layer[], shortcut: readonly Layer[] = []): Layer {
  assertDistinct(name, [...branch, ...shortcut]);
  const long = sequential(name, branch);
  const short = sequential(name, shortcut);
  const outputShape = (input: readonly number[]): readonly number[] => {
    const output = long.outputShape(input);
    const other = short.outputShape(input);
    if (output.length !== other.length || output.some((size, axis) => size !== other[axis])) {
      const hint = `the branch gives [${output.join(', ')}], the shortcut [${other.join(', ')}].`;
      throw modelInputError(name, 'an input that branch and shortcut bring to one shape', input, hint);
    }
    return output;
  };
  return {
    name,
    outputShape,
    init(rng, input) {
      outputShape(input);
      const [a, b] = [long.init(rng, input), short.init(rng, input)];
      return { params: mergeTrees(a.params, b.params), stats: mergeTrees(a.stats, b.stats) };
    },
    apply(variables, x, context) {
      const a = long.apply(variables, x, context);
      const b = short.apply(variables, x, context);
      return { output: tf.add(a.output, b.output), stats: { ...a.stats, ...b.stats } };
    },
    summary(input) {
      outputShape(input);
      return [...long.summary(input), ...short.summary(input)];
    },
  };
}
