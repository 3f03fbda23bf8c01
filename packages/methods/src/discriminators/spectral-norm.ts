import {
  Discriminator,
  filled,
  mapTree,
  mergeTrees,
  stopGradient,
  type Rng,
  type Applied,
  type Context,
  type DiscriminatorOutputs,
  type HostTensor,
  type LayerSummary,
  type Tree,
  type Variables,
} from '@anc/core';
import { shareOrigin } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

const PREFIX = 'spectral/';
const EPSILON = 1e-12;

const isWeight = (name: string): boolean => /(^|\/)weights$/.test(name);

const unit = (x: Tensor): Tensor => tf.div(x, tf.add(tf.sqrt(tf.sum(tf.square(x))), EPSILON));

/** Flattens all axes but the last: [.., out] -> [in, out]. */
const matrix = (weights: Tensor): tf.Tensor2D =>
  tf.reshape(weights, [weights.size / weights.shape.at(-1)!, weights.shape.at(-1)!]);

/**
 * Divides the weights of a discriminator by their largest singular value (Miyato 2018, "Spectral normalization for
 * generative adversarial networks"): W / σ(W) with σ = uᵀ W v from power iteration, one iteration per application in
 * training. The vector v of each weight is kept as a statistic `spectral/<weight>`; the gradient treats u and v as
 * constants.
 */
export class SpectrallyNormalized extends Discriminator {
  readonly name: string;
  override readonly conditional: boolean;

  /** @param inner the discriminator whose weights are normalized. */
  constructor(readonly inner: Discriminator) {
    super();
    this.name = `spectral-norm(${inner.name})`;
    this.conditional = inner.conditional;
    shareOrigin(this, inner);
  }

  init(rng: Rng, input: readonly number[], classes?: number): Variables<HostTensor> {
    const { params, stats } = this.inner.init(rng, input, classes);
    const vectors = Object.entries(params)
      .filter(([name]) => isWeight(name))
      .map(
        ([name, { shape }]) => [PREFIX + name, direction(rng.split(PREFIX, name), shape.at(-1)!)] as const,
      );
    return { params, stats: mergeTrees(stats, Object.fromEntries(vectors)) };
  }

  apply(
    { params, stats }: Variables,
    x: Tensor,
    context: Context,
    condition?: Tensor,
  ): Applied<DiscriminatorOutputs> {
    const vectors: Record<string, Tensor> = {};
    const normalized = mapTree(params, (weights, name) => {
      if (!isWeight(name)) return weights;
      const w = matrix(weights);
      const fixed = stopGradient(w) as tf.Tensor2D;
      const old = tf.reshape(stats[PREFIX + name]!, [-1, 1]); // [out, 1]
      const u = unit(tf.matMul(fixed, old)) as tf.Tensor2D; // [in, 1]
      const v = context.training ? unit(tf.matMul(fixed, u, true)) : old;
      if (context.training) vectors[PREFIX + name] = tf.reshape(v, [-1]);
      const sigma = tf.sum(tf.mul(u, tf.matMul(w, v as tf.Tensor2D)));
      return tf.div(weights, tf.maximum(sigma, EPSILON));
    });
    const innerStats: Tree = Object.fromEntries(
      Object.entries(stats).filter(([name]) => !name.startsWith(PREFIX)),
    );
    const variables = { params: normalized, stats: innerStats };
    const applied =
      condition === undefined
        ? this.inner.apply(variables, x, context)
        : this.inner.apply(variables, x, context, condition);
    return { outputs: applied.outputs, stats: { ...applied.stats, ...vectors } };
  }

  summary(input: readonly number[], classes?: number): readonly LayerSummary[] {
    return this.inner.summary(input, classes);
  }
}

/** A random vector of unit length. */
function direction(rng: Rng, width: number): HostTensor {
  const { shape, data } = filled([width]);
  const drawn = Float32Array.from(data, () => rng.normal());
  const length = Math.hypot(...drawn) || 1;
  return { shape, data: drawn.map((value) => value / length) };
}
