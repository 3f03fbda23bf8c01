import {
  definePlugin,
  dense,
  Discriminator,
  flatten,
  PLUGIN_API_VERSION,
  sequential,
  stateless,
  tap,
  type Applied,
  type Context,
  type DiscriminatorOutputs,
  type HostTensor,
  type LayerSummary,
  type Rng,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const options = z.strictObject({
  units: z.array(z.number().int().min(1)).min(1).default([64, 64]).describe('widths of the hidden layers'),
  slope: z.number().min(0).max(1).default(0.2).describe('of negative inputs'),
});

/** Fully connected, with leaky ReLUs. x: [B, …] -> raw logits [B, 1], never a sigmoid. */
export class MyComponentDiscriminator extends Discriminator {
  /** Contains every option: compiled steps are cached by it. */
  readonly name: string;
  readonly #layers;

  constructor({ units, slope }: z.output<typeof options>) {
    super();
    this.name = `my-component(${units.join('-')}, ${slope})`;
    const leaky = (name: string) =>
      stateless(
        name,
        (shape) => shape,
        (x) => tf.leakyRelu(x, slope),
      );
    this.#layers = sequential('my-component', [
      flatten(),
      ...units.flatMap((width, i) => [
        dense(`hidden${i + 1}`, { units: width }),
        leaky(`leaky${i + 1}`),
        tap(`hidden${i + 1}`),
      ]),
      dense('output', { units: 1 }),
    ]);
  }

  init(rng: Rng, input: readonly number[]): Variables<HostTensor> {
    return this.#layers.init(rng, input);
  }

  apply(variables: Variables, x: tf.Tensor, context: Context): Applied<DiscriminatorOutputs> {
    const { output, stats } = this.#layers.apply(variables, x, context);
    return { outputs: { logits: output }, stats };
  }

  summary(input: readonly number[]): readonly LayerSummary[] {
    return this.#layers.summary(input);
  }
}

export default definePlugin({
  name: 'anc-plugin-my-component',
  apiVersion: PLUGIN_API_VERSION,
  discriminators: {
    'my-component': {
      summary: 'fully connected, with leaky ReLUs',
      options,
      create: (given: z.output<typeof options>) => new MyComponentDiscriminator(given),
    },
  },
});
