import {
  batchNorm,
  conv2d,
  dense,
  Generator,
  sequential,
  stateless,
  type Applied,
  type Context,
  type GeneratorEnvironment,
  type GeneratorOutputs,
  type HostTensor,
  type Layer,
  type LayerSummary,
  type Rng,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { toBytes } from './output-range.js';
import { cropTo, upsample } from './upsample.js';

export const convGeneratorSchema = z.strictObject({
  noise: z
    .number()
    .int()
    .min(1)
    .max(4096)
    .default(64)
    .describe('width of the noise that images are made from'),
  width: z.number().int().min(1).max(1024).default(32).describe('filters of the first two planes'),
  upsamplings: z
    .number()
    .int()
    .min(0)
    .max(8)
    .optional()
    .describe('how often the plane is doubled; default: until it has at most 8 rows to begin with'),
  output: z
    .enum(['sigmoid', 'normalized'])
    .default('sigmoid')
    .describe(
      "how outputs become pixels; sigmoid: 255 sigmoid(gain BN(x)), within the range of real pixels; normalized: BN(tanh(x)) in the student's normalization, as in DFAD, without limits",
    ),
  gain: z.number().positive().default(4).describe('factor before the sigmoid: higher is more contrast'),
});

/** Rows and columns at most of the plane that the noise becomes. */
const SMALLEST = 8;

/** Slope of leaky ReLU below zero, as in DCGAN (Radford 2016). */
const SLOPE = 0.2;

const leaky = (name: string): Layer =>
  stateless(
    name,
    (input) => input,
    (x) => tf.leakyRelu(x, SLOPE),
  );

/** The layers from noise to C channels that batch norm has made of mean 0 and deviation 1. */
function layersFor(
  { width, upsamplings, output }: z.infer<typeof convGeneratorSchema>,
  [height, columns, channels]: readonly number[],
): Layer {
  const needed = Math.max(0, Math.ceil(Math.log2(Math.max(height!, columns!) / SMALLEST)));
  const times = upsamplings ?? needed;
  const [h, w] = [Math.ceil(height! / 2 ** times), Math.ceil(columns! / 2 ** times)];
  const planes = Array.from({ length: times }, (_, i) => i + 1).flatMap((i) => [
    upsample(`up${i}`),
    conv2d(`conv${i}`, {
      kernelSize: 3,
      filters: Math.max(1, i === times ? Math.ceil(width / 2) : width),
      bias: false,
    }),
    batchNorm(`norm${i}`),
    leaky(`relu${i}`),
  ]);
  const head = conv2d('output', { kernelSize: 3, filters: channels!, bias: output === 'normalized' });
  const bounded = stateless(
    'tanh',
    (input) => input,
    (x) => tf.tanh(x),
  );
  return sequential('generator', [
    dense('dense', { units: h * w * width, bias: false }),
    stateless(
      'plane',
      () => [h, w, width],
      (x) => tf.reshape(x, [x.shape[0], h, w, width]),
    ),
    batchNorm('norm'),
    leaky('relu'),
    ...planes,
    cropTo('crop', height!, columns!),
    head,
    ...(output === 'normalized' ? [bounded] : []),
    batchNorm('output-norm'),
  ]);
}

/**
 * Noise, a fully connected layer to a small plane, then upsampling by copies and a 3×3 convolution with batch norm and leaky
 * ReLU until it has the size of an image: the generator of DAFL and DFAD (Chen 2019, Fang 2019) at a smaller width.
 * Resizing and convolving leaves no checkerboard (Odena 2016).
 *
 * `sigmoid` gives 255 σ(gain · BN(x)), always a possible image; `normalized` is the authors' head, BN(tanh(x)), which
 * is not limited to the range of pixels.
 */
export class ConvGenerator extends Generator {
  readonly name: string;
  readonly noise: number;
  readonly #layers: Layer;

  constructor(
    readonly options: z.infer<typeof convGeneratorSchema>,
    readonly environment: GeneratorEnvironment,
  ) {
    super();
    this.name = `conv(${JSON.stringify([options, environment])})`;
    this.noise = options.noise;
    this.#layers = layersFor(options, environment.image);
  }

  init(rng: Rng, input: readonly number[]): Variables<HostTensor> {
    return this.#layers.init(rng, input);
  }

  apply(variables: Variables, z: Tensor, context: Context): Applied<GeneratorOutputs> {
    const { output: x, stats } = this.#layers.apply(variables, z, context);
    const { output, gain } = this.options;
    const images =
      output === 'sigmoid' ? tf.mul(tf.sigmoid(tf.mul(x, gain)), 255) : toBytes(x, this.environment);
    return { outputs: { images }, stats };
  }

  summary(input: readonly number[]): readonly LayerSummary[] {
    return this.#layers.summary(input);
  }
}
