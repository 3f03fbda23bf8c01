import {
  AncError,
  dense,
  Discriminator,
  flatten,
  glorotUniform,
  mergeTrees,
  prefixTree,
  relu,
  sequential,
  sizeOf,
  subtree,
  type Layer,
} from '@anc/core';
import type {
  Applied,
  Context,
  DiscriminatorOutputs,
  HostTensor,
  LayerSummary,
  Rng,
  Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import type { mlpSchema } from './mlp.js';

type Options = z.infer<typeof mlpSchema>;

const trunkOf = (units: readonly number[]): Layer =>
  sequential('trunk', [
    flatten('flatten'),
    ...units.flatMap((width, i) => [dense(`hidden${i + 1}`, { units: width }), relu(`relu${i + 1}`)]),
  ]);

/** A layer without bias: what the condition goes through, and the heads. */
const head = (name: string, units: number, bias = true): Layer =>
  dense(name, { units, bias, initializer: glorotUniform });

/** Throws `ANC_DISCRIMINATOR_CONDITION` where nobody said how wide the condition is. */
function widthOf(name: string, classes: number | undefined): number {
  if (classes !== undefined) return classes;
  throw new AncError('ANC_DISCRIMINATOR_CONDITION', `discriminator ${name} needs the number of classes.`);
}

function given(name: string, condition: Tensor | undefined): Tensor {
  if (condition !== undefined) return condition;
  throw new AncError('ANC_DISCRIMINATOR_CONDITION', `discriminator ${name} was given no condition.`, {
    expected: 'class probabilities [B, classes]',
  });
}

/** Layers side by side under names of their own. */
function initAll(
  rng: Rng,
  layers: readonly (readonly [layer: Layer, input: readonly number[]])[],
): Variables<HostTensor> {
  const made = layers.map(([layer, input]) => ({
    name: layer.name,
    ...layer.init(rng.split(layer.name), input),
  }));
  return {
    params: mergeTrees(...made.map(({ name, params }) => prefixTree(name, params))),
    stats: mergeTrees(...made.map(({ name, stats }) => prefixTree(name, stats))),
  };
}

const through = (layer: Layer, { params, stats }: Variables, x: Tensor, context: Context): Tensor =>
  layer.apply({ params: subtree(params, layer.name), stats: subtree(stats, layer.name) }, x, context).output;

/**
 * Miyato & Koyama 2018 ("cGANs with projection discriminator"): D(x, c) = ψ(φ(x)) + cᵀ V φ(x), φ fully connected
 * layers with ReLU, c class probabilities: labels, or the teacher's own prediction, which needs no label.
 */
export class ProjectionDiscriminator extends Discriminator {
  readonly name: string;
  override readonly conditional = true;
  readonly #trunk: Layer;
  readonly #width: number;

  constructor({ units }: Options) {
    super();
    this.name = `projection(${units.join('-')})`;
    this.#trunk = trunkOf(units);
    this.#width = units.at(-1)!;
  }

  init(rng: Rng, input: readonly number[], classes?: number): Variables<HostTensor> {
    return initAll(rng, this.#layers(input, classes));
  }

  apply(own: Variables, x: Tensor, context: Context, condition?: Tensor): Applied<DiscriminatorOutputs> {
    const seen = through(this.#trunk, own, x, context); // [B, width]
    const asked = through(head('embedding', this.#width, false), own, given(this.name, condition), context);
    const verdict = through(head('output', 1), own, seen, context); // [B, 1]
    return { outputs: { logits: tf.add(verdict, tf.sum(tf.mul(asked, seen), 1, true)) }, stats: {} };
  }

  summary(input: readonly number[], classes?: number): readonly LayerSummary[] {
    return this.#layers(input, classes).flatMap(([layer, shape]) => layer.summary(shape));
  }

  #layers(input: readonly number[], classes: number | undefined) {
    return [
      [this.#trunk, [sizeOf(input)]],
      [head('embedding', this.#width, false), [widthOf(this.name, classes)]],
      [head('output', 1), [this.#width]],
    ] as const;
  }
}

/**
 * Fully connected layers with two heads: teacher or student, and which class (Odena 2017; in distillation Xu
 * 2018). The condition is not shown to it: it is the target of its class verdict.
 */
export class AuxiliaryClassifierDiscriminator extends Discriminator {
  readonly name: string;
  override readonly conditional = true;
  readonly #trunk: Layer;
  readonly #width: number;

  constructor({ units }: Options) {
    super();
    this.name = `auxiliary-classifier(${units.join('-')})`;
    this.#trunk = trunkOf(units);
    this.#width = units.at(-1)!;
  }

  init(rng: Rng, input: readonly number[], classes?: number): Variables<HostTensor> {
    return initAll(rng, this.#layers(input, classes));
  }

  apply(own: Variables, x: Tensor, context: Context, condition?: Tensor): Applied<DiscriminatorOutputs> {
    const classes = given(this.name, condition).shape[1]!;
    const seen = through(this.#trunk, own, x, context); // [B, width]
    return {
      outputs: {
        logits: through(head('output', 1), own, seen, context), // [B, 1]
        classes: through(head('classes', classes), own, seen, context), // [B, classes]
      },
      stats: {},
    };
  }

  summary(input: readonly number[], classes?: number): readonly LayerSummary[] {
    return this.#layers(input, classes).flatMap(([layer, shape]) => layer.summary(shape));
  }

  #layers(input: readonly number[], classes: number | undefined) {
    return [
      [this.#trunk, [sizeOf(input)]],
      [head('classes', widthOf(this.name, classes)), [this.#width]],
      [head('output', 1), [this.#width]],
    ] as const;
  }
}
