import {
  dense,
  Discriminator,
  relu,
  sequential,
  tap,
  type Applied,
  type Context,
  type DiscriminatorOutputs,
  type HostTensor,
  type LayerSummary,
  type Rng,
  type Variables,
} from '@anc/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A small fully connected discriminator of vectors. [B, d] -> [B, 1]. */
export class ToyDiscriminator extends Discriminator {
  readonly name = 'toy';
  readonly #layers = sequential('toy', [
    dense('hidden1', { units: 7 }),
    relu('relu1'),
    tap('hidden1'),
    dense('hidden2', { units: 6 }),
    relu('relu2'),
    dense('output', { units: 1 }),
  ]);

  init(rng: Rng, input: readonly number[]): Variables<HostTensor> {
    return this.#layers.init(rng, input);
  }

  apply(variables: Variables, x: Tensor, context: Context): Applied<DiscriminatorOutputs> {
    const { output, stats } = this.#layers.apply(variables, x, context);
    return { outputs: { logits: output }, stats };
  }

  summary(input: readonly number[]): readonly LayerSummary[] {
    return this.#layers.summary(input);
  }
}
