import {
  dense,
  Discriminator,
  flatten,
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
import { shapeError } from '@anc/core/internal';
import type { Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const mlpSchema = z.strictObject({
  units: z
    .array(z.number().int().positive())
    .min(1)
    .max(1000)
    .default([128, 256, 128])
    .describe('units of each hidden layer, first to last'),
});

/**
 * Fully connected layers with ReLU, then one raw logit: the discriminators of Table 1, `128-256-128` by default.
 * Inputs of any shape are flattened: [B, …] -> [B, 1]. Its hidden features are the taps `hidden1`, … after each ReLU.
 */
export class MlpDiscriminator extends Discriminator {
  readonly name: string;
  readonly #layers: Layer;

  constructor({ units }: z.infer<typeof mlpSchema>) {
    super();
    this.name = units.join('-');
    const hidden = units.flatMap((width, i) => [
      dense(`hidden${i + 1}`, { units: width }),
      relu(`relu${i + 1}`),
      tap(`hidden${i + 1}`),
    ]);
    this.#layers = sequential('mlp', [flatten('flatten'), ...hidden, dense('output', { units: 1 })]);
  }

  init(rng: Rng, input: readonly number[]): Variables<HostTensor> {
    return this.#layers.init(rng, input);
  }

  apply(variables: Variables, x: Tensor, context: Context): Applied<DiscriminatorOutputs> {
    if (x.rank < 2) throw shapeError(`discriminator ${this.name}`, ['B', 'd'], x.shape);
    const { output, stats } = this.#layers.apply(variables, x, context);
    return { outputs: { logits: output }, stats };
  }

  summary(input: readonly number[]): readonly LayerSummary[] {
    return this.#layers.summary(input);
  }
}
