import * as tf from '@tensorflow/tfjs-core';
import { filled, type HostTensor, type Tree } from '../tree/tree.js';
import { heNormal, type Initializer } from './init/initializers.js';
import { vectorWidth, operandOf, type Layer } from './layer.js';

/** Options of `dense`. */
export interface DenseOptions {
  /** Width of the output. */
  readonly units: number;
  /** Whether it adds a bias; default: true. */
  readonly bias?: boolean;
  /** Initial values of the weights; default: `heNormal`. */
  readonly initializer?: Initializer;
}

/**
 * A fully connected layer: x [B, d] -> x·weights + bias [B, units].
 *
 * Variables: `weights` [d, units], `bias` [units], which starts at zero. FLOPs: 2·d·units + units.
 */
export function dense(name: string, options: DenseOptions): Layer {
  const { units, bias = true, initializer = heNormal } = options;
  return {
    name,
    outputShape(input) {
      vectorWidth(name, input);
      return [units];
    },
    init(rng, input) {
      const width = vectorWidth(name, input);
      const kernel = initializer(rng.split('weights'), [width, units], width, units);
      const params: Tree<HostTensor> = { weights: kernel, ...(bias && { bias: filled([units]) }) };
      return { params, stats: {} };
    },
    apply({ params }, x, context) {
      const kernel = params['weights']!;
      const output = tf.matMul(operandOf(context, x, kernel), kernel);
      return { output: bias ? tf.add(output, params['bias']!) : output, stats: {} };
    },
    summary(input) {
      const weights = vectorWidth(name, input) * units;
      const biases = bias ? units : 0;
      return [{ name, output: [units], parameters: weights + biases, flops: 2 * weights + biases }];
    },
  };
}
