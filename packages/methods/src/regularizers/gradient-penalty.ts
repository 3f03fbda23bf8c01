import { gradientAt, Regularizer, type RegularizerContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const gradientPenaltySchema = z.strictObject({
  gamma: z.number().nonnegative().default(10).describe('weight γ of the penalty'),
});

export const unitGradientSchema = z.strictObject({
  weight: z.number().nonnegative().default(10).describe('weight λ of the penalty'),
});

export const perturbedGradientSchema = unitGradientSchema.extend({
  scale: z
    .number()
    .positive()
    .default(0.5)
    .describe("size of the perturbation, relative to the standard deviation of the teacher's features"),
});

/** Keeps the slope of a norm finite at a gradient of zero. */
const EPSILON = 1e-12;

/**
 * ‖∇_x D(x)‖² of each sample; the patches of D are summed per sample. x: [B, …] -> [B]. Its gradient is a second
 * derivative of D.
 */
function squaredGradientNorms(x: Tensor, { discriminate }: RegularizerContext): Tensor {
  // A sample's logits depend on that sample alone, so the gradient of the sum holds every sample's own gradient.
  const gradient = gradientAt((at: Tensor) => tf.sum<Scalar>(discriminate(at)), x); // [B, …]
  return tf.sum(tf.reshape(tf.square(gradient), [x.shape[0], -1]), 1);
}

/** E (‖∇_x D(x)‖ - 1)². x: [B, …]. */
function distanceToUnitNorm(x: Tensor, context: RegularizerContext): Scalar {
  const norms = tf.sqrt(tf.add(squaredGradientNorms(x, context), EPSILON)); // [B]
  return tf.mean(tf.square(tf.sub(norms, 1)));
}

/** One random number from 0 to 1 for each sample, to be multiplied with x. x: [B, …] -> [B, 1, …]. */
const perSample = (name: string, x: Tensor, { noise }: RegularizerContext): Tensor =>
  noise(name, [x.shape[0], ...x.shape.slice(1).map(() => 1)], { kind: 'uniform', low: 0, high: 1 });

/**
 * Mescheder 2018 ("Which training methods for GANs do actually converge?"), Eq. 9 and 10: γ/2 · E‖∇_x D(x)‖² at the
 * teacher's samples (R1) or at the student's (R2).
 */
export class GradientPenaltyRegularizer extends Regularizer {
  readonly name: string;

  constructor(
    /** As `gradientPenaltySchema` returns them. */
    readonly options: z.infer<typeof gradientPenaltySchema>,
    /** The features at which the gradient is penalized: R1 or R2. */
    readonly at: 'teacher' | 'student' = 'teacher',
  ) {
    super();
    this.name = `${at === 'teacher' ? 'r1' : 'r2'}(${JSON.stringify(options)})`;
  }

  penalty(context: RegularizerContext): Scalar {
    return tf.mul(tf.mean(squaredGradientNorms(context[this.at], context)), this.options.gamma / 2);
  }
}

/**
 * WGAN-GP (Gulrajani 2017, "Improved training of Wasserstein GANs", Eq. 3): λ · E (‖∇_x̂ D(x̂)‖ - 1)² at random points
 * between teacher and student, x̂ = ε t + (1 - ε) s with ε uniform in [0, 1] for each sample. The paper has λ = 10.
 */
export class WassersteinGradientPenalty extends Regularizer {
  readonly name: string;

  /** @param options as `unitGradientSchema` returns them. */
  constructor(readonly options: z.infer<typeof unitGradientSchema>) {
    super();
    this.name = `wgan-gp(${JSON.stringify(options)})`;
  }

  penalty(context: RegularizerContext): Scalar {
    const { teacher, student } = context;
    const share = perSample('share', teacher, context);
    const between = tf.add(student, tf.mul(share, tf.sub(teacher, student)));
    return tf.mul(distanceToUnitNorm(between, context), this.options.weight);
  }
}

/**
 * DRAGAN (Kodali 2017, "On convergence and stability of GANs", Section 2.4): λ · E (‖∇_x D(t + δ)‖ - 1)² around the
 * teacher's samples.
 *
 * The perturbation is that of the authors' code: δ = α · scale · std(t) · u, with u uniform in [0, 1] for each number
 * and α for each sample, std over the whole batch, scale = 0.5 and λ = 10.
 */
export class PerturbedGradientPenalty extends Regularizer {
  readonly name: string;

  /** @param options as `perturbedGradientSchema` returns them. */
  constructor(readonly options: z.infer<typeof perturbedGradientSchema>) {
    super();
    this.name = `dragan(${JSON.stringify(options)})`;
  }

  penalty(context: RegularizerContext): Scalar {
    const { teacher, noise } = context;
    const { weight, scale } = this.options;
    const deviation = tf.sqrt(tf.mean(tf.squaredDifference(teacher, tf.mean(teacher))));
    const direction = noise('direction', teacher.shape, { kind: 'uniform', low: 0, high: scale });
    const share = perSample('share', teacher, context);
    const perturbed = tf.add(teacher, tf.mul(tf.mul(share, direction), deviation));
    return tf.mul(distanceToUnitNorm(perturbed, context), weight);
  }
}
