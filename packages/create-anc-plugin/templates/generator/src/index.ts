import {
  batchNorm,
  definePlugin,
  dense,
  Generator,
  PLUGIN_API_VERSION,
  relu,
  sequential,
  type Applied,
  type Context,
  type GeneratorEnvironment,
  type GeneratorOutputs,
  type HostTensor,
  type LayerSummary,
  type Rng,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const options = z.strictObject({
  noise: z.number().int().min(1).default(32).describe('width of the noise that images are made from'),
  units: z.number().int().min(1).default(128).describe('width of the hidden layer'),
});

/** Two fully connected layers. z: [B, noise] -> images [B, H, W, C] in units of bytes, 0 to 255. */
export class MyComponentGenerator extends Generator {
  /** Contains every option and the shape: compiled steps are cached by it. */
  readonly name: string;
  readonly noise: number;
  readonly #image: readonly number[];
  readonly #layers;

  constructor({ noise, units }: z.output<typeof options>, { image }: GeneratorEnvironment) {
    super();
    this.name = `my-component(${noise}, ${units}, ${image.join('x')})`;
    this.noise = noise;
    this.#image = image;
    this.#layers = sequential('my-component', [
      dense('hidden', { units, bias: false }),
      batchNorm('norm'),
      relu(),
      dense('pixels', { units: image.reduce((product, axis) => product * axis, 1) }),
    ]);
  }

  init(rng: Rng, input: readonly number[]): Variables<HostTensor> {
    return this.#layers.init(rng, input);
  }

  apply(variables: Variables, z: tf.Tensor, context: Context): Applied<GeneratorOutputs> {
    const { output, stats } = this.#layers.apply(variables, z, context);
    const pixels = tf.mul(tf.sigmoid(output), 255); // never outside of what a real image can be
    return { outputs: { images: tf.reshape(pixels, [z.shape[0], ...this.#image]) }, stats };
  }

  summary(input: readonly number[]): readonly LayerSummary[] {
    return this.#layers.summary(input);
  }
}

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  generators: {
    'my-component': {
      summary: 'two fully connected layers',
      options,
      create: (given: z.output<typeof options>, environment) => new MyComponentGenerator(given, environment),
    },
  },
});
