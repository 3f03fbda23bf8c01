import {
  conv2d,
  dense,
  Discriminator,
  filled,
  flatten,
  heNormal,
  modelInputError,
  operandOf,
  relu,
  sequential,
  tap,
  type Layer,
  type Applied,
  type Context,
  type DiscriminatorOutputs,
  type HostTensor,
  type LayerSummary,
  type Rng,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const convSchema = z.strictObject({
  filters: z
    .array(z.number().int().positive())
    .min(1)
    .max(1000)
    .default([128, 256])
    .describe('filters of each convolution, first to last'),
});

const KERNEL_SIZE = 3;
const STRIDE = 2;

/**
 * Convolution along a vector: x [B, L, C] -> [B, ⌈L/2⌉, filters]. Its variables are those of a conv2d with a kernel
 * `weights` [3, 1, C, filters].
 */
function conv1d(name: string, filters: number): Layer {
  const outputShape = (input: readonly number[]): readonly [number, number] => {
    if (input.length !== 2) throw modelInputError(name, 'a signal [length, channels]', input);
    return [Math.ceil(input[0]! / STRIDE), filters];
  };
  return {
    name,
    outputShape,
    init(rng, input) {
      outputShape(input);
      const shape = [KERNEL_SIZE, 1, input[1]!, filters];
      const kernel = heNormal(rng.split('weights'), shape, KERNEL_SIZE * input[1]!, KERNEL_SIZE * filters);
      return { params: { weights: kernel, bias: filled([filters]) }, stats: {} };
    },
    apply({ params }, x, context) {
      const kernel = params.weights as tf.Tensor4D;
      const [batch, length, channels] = x.shape as [number, number, number];
      const column = tf.reshape(operandOf(context, x, kernel), [batch, length, 1, channels]);
      const output = tf.conv2d(column as tf.Tensor4D, kernel, [STRIDE, 1], 'same');
      return { output: tf.add(tf.reshape(output, [batch, -1, filters]), params.bias!), stats: {} };
    },
    summary(input) {
      const output = outputShape(input);
      const kernel = KERNEL_SIZE * input[1]! * filters;
      return [{ name, output, parameters: kernel + filters, flops: output[0] * (2 * kernel + filters) }];
    },
  };
}

/** The layers for vectors [d] or for images [H, W, C]. */
function layersFor(rank: number, filters: readonly number[]): Layer {
  const convolution = (name: string, width: number): Layer =>
    rank === 1
      ? conv1d(name, width)
      : conv2d(name, { kernelSize: KERNEL_SIZE, filters: width, stride: STRIDE });
  const hidden = filters.flatMap((width, i) => [
    convolution(`conv${i + 1}`, width),
    relu(`relu${i + 1}`),
    tap(`hidden${i + 1}`),
  ]);
  return sequential('conv', [...hidden, flatten('flatten'), dense('output', { units: 1 })]);
}

/**
 * Convolutions of kernel size 3 and stride 2 with ReLU, then one fully connected raw logit: the tenth discriminator of
 * Table 1, `128conv-256conv` by default. Its hidden features are the taps `hidden1`, … after each ReLU.
 *
 * The paper does not say along which axes it convolves. Here an image tap [B, H, W, C] is convolved over its plane; a
 * vector [B, d] (features, logits) is convolved along its index, as a signal of length d with one channel. The order
 * of features has no meaning, so on vectors weights are shared between units that are no neighbors, which may be why
 * the paper found it worse than most.
 */
export class ConvDiscriminator extends Discriminator {
  readonly name: string;
  readonly #onVectors: Layer;
  readonly #onImages: Layer;

  constructor({ filters }: z.infer<typeof convSchema>) {
    super();
    this.name = filters.map((width) => `${width}conv`).join('-');
    this.#onVectors = layersFor(1, filters);
    this.#onImages = layersFor(3, filters);
  }

  init(rng: Rng, input: readonly number[]): Variables<HostTensor> {
    return this.#layers(input).init(rng, asSignal(input));
  }

  apply(variables: Variables, x: Tensor, context: Context): Applied<DiscriminatorOutputs> {
    const input = x.shape.slice(1);
    const signal = tf.reshape(x, [x.shape[0], ...asSignal(input)]);
    const { output, stats } = this.#layers(input).apply(variables, signal, context);
    return { outputs: { logits: output }, stats };
  }

  summary(input: readonly number[]): readonly LayerSummary[] {
    return this.#layers(input).summary(asSignal(input));
  }

  #layers(input: readonly number[]): Layer {
    if (input.length === 1) return this.#onVectors;
    if (input.length === 3) return this.#onImages;
    throw modelInputError(this.name, 'a vector [width] or an image [height, width, channels]', input);
  }
}

const asSignal = (input: readonly number[]): readonly number[] =>
  input.length === 1 ? [...input, 1] : input;
