import * as tf from '@tensorflow/tfjs-core';
import { filled, type HostTensor, type Tree } from '../tree/tree.js';
import { heNormal, type Initializer } from './init/initializers.js';
import { imageShape, operandOf, type Layer } from './layer.js';
import { windowArguments, windowOutput, type Padding } from './window.js';

/** Options of `conv2d`. */
export interface Conv2dOptions {
  /** Side of the square kernel. */
  readonly kernelSize: number;
  /** Number of output channels. */
  readonly filters: number;
  /** Step of the kernel in pixels, in both directions; default: 1. */
  readonly stride?: number;
  /** Padding at the border; default: `same`. */
  readonly padding?: Padding;
  /** Unnecessary before batch norm, which would subtract it again. */
  readonly bias?: boolean;
  /** Initial values of the kernel; default: `heNormal`. */
  readonly initializer?: Initializer;
}

/**
 * Convolution of images: x [B, H, W, C] -> [B, H', W', filters].
 *
 * Variables: `weights` [kernelSize, kernelSize, C, filters] (HWIO), `bias` [filters], which starts at zero.
 * FLOPs: 2·H'·W'·kernelSize²·C·filters, and H'·W'·filters for the bias.
 */
export function conv2d(name: string, options: Conv2dOptions): Layer {
  const { kernelSize, filters, stride = 1, padding = 'same', bias = true, initializer = heNormal } = options;
  const outputShape = (input: readonly number[]): readonly [number, number, number] => [
    ...windowOutput(name, input, kernelSize, stride, padding),
    filters,
  ];
  return {
    name,
    outputShape,
    init(rng, input) {
      const channels = imageShape(name, input)[2];
      outputShape(input);
      const area = kernelSize * kernelSize;
      const shape = [kernelSize, kernelSize, channels, filters];
      const kernel = initializer(rng.split('weights'), shape, area * channels, area * filters);
      const params: Tree<HostTensor> = { weights: kernel, ...(bias && { bias: filled([filters]) }) };
      return { params, stats: {} };
    },
    apply({ params }, x, context) {
      const { pad, rounding } = windowArguments(padding);
      const kernel = params['weights'] as tf.Tensor4D;
      const image = operandOf(context, x, kernel) as tf.Tensor4D;
      const output = tf.conv2d(image, kernel, stride, pad, 'NHWC', 1, rounding);
      return { output: bias ? tf.add(output, params['bias']!) : output, stats: {} };
    },
    summary(input) {
      const output = outputShape(input);
      const [height, width] = output;
      const weights = kernelSize * kernelSize * input[2]! * filters;
      const biases = bias ? filters : 0;
      const flops = height * width * (2 * weights + biases);
      return [{ name, output, parameters: weights + biases, flops }];
    },
  };
}
