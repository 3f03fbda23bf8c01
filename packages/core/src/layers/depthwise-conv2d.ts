import * as tf from '@tensorflow/tfjs-core';
import { filled, type HostTensor, type Tree } from '../tree/tree.js';
import { heNormal, type Initializer } from './init/initializers.js';
import { imageShape, operandOf, type Layer } from './layer.js';
import { windowArguments, windowOutput, type Padding } from './window.js';

/** Options of `depthwiseConv2d`. */
export interface DepthwiseConv2dOptions {
  /** Side of the square kernel. */
  readonly kernelSize: number;
  /** Step of the kernel in pixels, in both directions; default: 1. */
  readonly stride?: number;
  /** Padding at the border; default: `same`. */
  readonly padding?: Padding;
  /** Whether it adds a bias; default: true. */
  readonly bias?: boolean;
  /** Initial values of the kernel; default: `heNormal`. */
  readonly initializer?: Initializer;
}

/**
 * Convolves each channel with a kernel of its own: x [B, H, W, C] -> [B, H', W', C].
 *
 * Variables: `weights` [kernelSize, kernelSize, C, 1], `bias` [C]. FLOPs: 2·H'·W'·kernelSize²·C, and H'·W'·C for the
 * bias.
 */
export function depthwiseConv2d(name: string, options: DepthwiseConv2dOptions): Layer {
  const { kernelSize, stride = 1, padding = 'same', bias = true, initializer = heNormal } = options;
  const outputShape = (input: readonly number[]): readonly [number, number, number] => [
    ...windowOutput(name, input, kernelSize, stride, padding),
    imageShape(name, input)[2],
  ];
  return {
    name,
    outputShape,
    init(rng, input) {
      const [, , channels] = outputShape(input);
      const shape = [kernelSize, kernelSize, channels, 1];
      const area = kernelSize * kernelSize;
      const kernel = initializer(rng.split('weights'), shape, area, area);
      const params: Tree<HostTensor> = { weights: kernel, ...(bias && { bias: filled([channels]) }) };
      return { params, stats: {} };
    },
    apply({ params }, x, context) {
      const { pad, rounding } = windowArguments(padding);
      const kernel = params['weights'] as tf.Tensor4D;
      const image = operandOf(context, x, kernel) as tf.Tensor4D;
      const output = tf.depthwiseConv2d(image, kernel, stride, pad, 'NHWC', 1, rounding);
      return { output: bias ? tf.add(output, params['bias']!) : output, stats: {} };
    },
    summary(input) {
      const output = outputShape(input);
      const [height, width, channels] = output;
      const weights = kernelSize * kernelSize * channels;
      const biases = bias ? channels : 0;
      const flops = height * width * (2 * weights + biases);
      return [{ name, output, parameters: weights + biases, flops }];
    },
  };
}
