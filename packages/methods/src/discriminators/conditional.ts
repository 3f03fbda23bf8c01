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
import type { z } from 'zod';
import type { mlpSchema } from './mlp.js';

type Options = z.infer<typeof mlpSchema>;

const trunkOf = (units: readonly number[]): Layer =>
  sequential('trunk', [
    flatten('flatten'),
    ...units.flatMap((width, i) => [
      dense(`hidden${i + 1}`, { units: width }),
      relu(`relu${i + 1}`),
      tap(`hidden${i + 1}`),
    ]),
  ]);

/** A fully connected layer without activation: a head, or (without bias) the embedding of the condition. */
const linear = (name: string, units: number, bias = true): Layer =>
  dense(name, { units, bias, initializer: glorotUniform });

/** @throws `ANC_DISCRIMINATOR_CONDITION` if the number of classes is missing. */
function classesOf(name: string, classes: number | undefined): number {
  if (classes !== undefined) return classes;
  throw new AncError('ANC_DISCRIMINATOR_CONDITION', `discriminator ${name} needs the number of classes.`);
}

/** @throws `ANC_DISCRIMINATOR_CONDITION` if the condition is missing. */
function conditionOf(name: string, condition: Tensor | undefined): Tensor {
  if (condition !== undefined) return condition;
  throw new AncError('ANC_DISCRIMINATOR_CONDITION', `discriminator ${name} was given no condition.`, {
    expected: 'class probabilities [B, classes]',
  });
}

type ShapedLayers = readonly (readonly [layer: Layer, input: readonly number[]])[];

/** Variables of several layers, each under its layer's name. */
function initLayers(rng: Rng, layers: ShapedLayers): Variables<HostTensor> {
  const initial = layers.map(([layer, input]) => ({
    name: layer.name,
    ...layer.init(rng.split(layer.name), input),
  }));
  return {
    params: mergeTrees(...initial.map(({ name, params }) => prefixTree(name, params))),
    stats: mergeTrees(...initial.map(({ name, stats }) => prefixTree(name, stats))),
  };
}

/** Applies one of the layers that `initLayers` made variables for. */
const applyLayer = (layer: Layer, { params, stats }: Variables, x: Tensor, context: Context): Tensor =>
  layer.apply({ params: subtree(params, layer.name), stats: subtree(stats, layer.name) }, x, context).output;

/**
 * Miyato & Koyama 2018 ("cGANs with projection discriminator"): D(x, c) = ψ(φ(x)) + cᵀ V φ(x), φ fully connected
 * layers with ReLU, c class probabilities: labels, or the teacher's prediction, which needs no labels.
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
    return initLayers(rng, this.#layers(input, classes));
  }

  apply(
    variables: Variables,
    x: Tensor,
    context: Context,
    condition?: Tensor,
  ): Applied<DiscriminatorOutputs> {
    const hidden = applyLayer(this.#trunk, variables, x, context); // [B, width]
    const probabilities = conditionOf(this.name, condition); // [B, classes]
    const embedding = linear('embedding', this.#width, false);
    const embedded = applyLayer(embedding, variables, probabilities, context); // [B, width]
    const unconditional = applyLayer(linear('output', 1), variables, hidden, context); // [B, 1]
    const projection = tf.sum(tf.mul(embedded, hidden), 1, true); // [B, 1]
    return { outputs: { logits: tf.add(unconditional, projection) }, stats: {} };
  }

  summary(input: readonly number[], classes?: number): readonly LayerSummary[] {
    return this.#layers(input, classes).flatMap(([layer, shape]) => layer.summary(shape));
  }

  #layers(input: readonly number[], classes: number | undefined): ShapedLayers {
    return [
      [this.#trunk, [sizeOf(input)]],
      [linear('embedding', this.#width, false), [classesOf(this.name, classes)]],
      [linear('output', 1), [this.#width]],
    ];
  }
}

/**
 * Fully connected layers with two heads: teacher or student, and the class (Odena 2017; for distillation Xu 2018). The
 * condition is not an input of its layers: it is the target of the class head.
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
    return initLayers(rng, this.#layers(input, classes));
  }

  apply(
    variables: Variables,
    x: Tensor,
    context: Context,
    condition?: Tensor,
  ): Applied<DiscriminatorOutputs> {
    const classes = conditionOf(this.name, condition).shape[1]!;
    const hidden = applyLayer(this.#trunk, variables, x, context); // [B, width]
    return {
      outputs: {
        logits: applyLayer(linear('output', 1), variables, hidden, context), // [B, 1]
        classes: applyLayer(linear('classes', classes), variables, hidden, context), // [B, classes]
      },
      stats: {},
    };
  }

  summary(input: readonly number[], classes?: number): readonly LayerSummary[] {
    return this.#layers(input, classes).flatMap(([layer, shape]) => layer.summary(shape));
  }

  #layers(input: readonly number[], classes: number | undefined): ShapedLayers {
    return [
      [this.#trunk, [sizeOf(input)]],
      [linear('classes', classesOf(this.name, classes)), [this.#width]],
      [linear('output', 1), [this.#width]],
    ];
  }
}
