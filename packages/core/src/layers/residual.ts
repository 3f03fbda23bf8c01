import * as tf from '@tensorflow/tfjs-core';
import { mergeTrees } from '../tree/tree.js';
import { modelInputError, type Layer } from './layer.js';
import { assertDistinct, sequential } from './sequential.js';

/** The layers of a residual block. Their names are unique in the block. */
export interface ResidualParts {
  /** Applied before branch and shortcut. */
  readonly before?: readonly Layer[];
  /** Layers of the branch that is added to the shortcut. */
  readonly branch: readonly Layer[];
  /** The identity where left out. */
  readonly shortcut?: readonly Layer[];
  /** Applied to the sum. */
  readonly after?: readonly Layer[];
}

/**
 * after(branch(y) + shortcut(y)) with y = before(x) (He et al. 2015). Variables are named after their layers; the
 * parts add no prefix.
 */
export function residual(name: string, parts: ResidualParts): Layer {
  const { before = [], branch, shortcut = [], after = [] } = parts;
  assertDistinct(name, [...before, ...branch, ...shortcut, ...after]);
  const [first, long, short, last] = [before, branch, shortcut, after].map((layers) =>
    sequential(name, layers),
  ) as [Layer, Layer, Layer, Layer];

  /** The shape of y, and the shape of the sum. */
  const shapes = (input: readonly number[]): [split: readonly number[], sum: readonly number[]] => {
    const split = first.outputShape(input);
    const [a, b] = [long.outputShape(split), short.outputShape(split)];
    if (a.length !== b.length || a.some((size, axis) => size !== b[axis])) {
      const hint = `the branch gives [${a.join(', ')}], the shortcut [${b.join(', ')}].`;
      throw modelInputError(
        name,
        'an input for which branch and shortcut have the same output shape',
        input,
        hint,
      );
    }
    return [split, a];
  };

  return {
    name,
    outputShape: (input) => last.outputShape(shapes(input)[1]),
    init(rng, input) {
      const [split, sum] = shapes(input);
      const made = [
        first.init(rng, input),
        long.init(rng, split),
        short.init(rng, split),
        last.init(rng, sum),
      ];
      return {
        params: mergeTrees(...made.map(({ params }) => params)),
        stats: mergeTrees(...made.map(({ stats }) => stats)),
      };
    },
    apply(variables, x, context) {
      const y = first.apply(variables, x, context);
      const a = long.apply(variables, y.output, context);
      const b = short.apply(variables, y.output, context);
      const z = last.apply(variables, tf.add(a.output, b.output), context);
      return { output: z.output, stats: { ...y.stats, ...a.stats, ...b.stats, ...z.stats } };
    },
    summary(input) {
      const [split, sum] = shapes(input);
      return [first.summary(input), long.summary(split), short.summary(split), last.summary(sum)].flat();
    },
  };
}
