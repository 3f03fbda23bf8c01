import { AncError, type BatchNormInput, type GeneratorTerm } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { z } from 'zod';

/** Options of a term whose only choice is its weight. */
export const weightSchema = (weight: number) =>
  z.strictObject({ weight: z.number().nonnegative().default(weight).describe('weight of the term') });

type Weight = z.infer<ReturnType<typeof weightSchema>>;

const weighted = (scalar: Tensor, weight: number): Scalar => tf.mul<Scalar>(scalar, weight);

/** Rows of class logits, [N, classes], from [B, …, classes]. */
const rowsOf = (logits: Tensor): Tensor => tf.reshape(logits, [-1, logits.shape.at(-1)!]);

/**
 * Σ p log p for p the teacher's mean answer over the batch: the images are of all classes alike (DAFL, Chen 2019, its
 * "information entropy", without the factor 1 / classes; weight 5 as in the authors' code for MNIST).
 */
export const classBalance = ({ weight }: Weight): GeneratorTerm => ({
  name: `class-balance(${weight})`,
  penalty({ teacher }) {
    const mean = tf.mean(tf.softmax(rowsOf(teacher.logits)), 0); // [classes]
    return weighted(tf.sum(tf.mul(mean, tf.log(tf.add(mean, 1e-12)))), weight);
  },
});

/**
 * Cross-entropy of the teacher's answers with the class that each of them names: its answers are certain (DAFL, Chen 2019,
 * Eq. 2, its "one-hot loss"; weight 1).
 */
export const confidence = ({ weight }: Weight): GeneratorTerm => ({
  name: `confidence(${weight})`,
  penalty: ({ teacher }) =>
    weighted(tf.neg(tf.mean(tf.max(tf.logSoftmax(rowsOf(teacher.logits)), -1))), weight),
});

/**
 * -E |f_t|, the mean absolute value of the teacher's features: images excite its filters (DAFL, Chen 2019; weight
 * 0.1).
 */
export const activation = ({ weight }: Weight): GeneratorTerm => ({
  name: `activation(${weight})`,
  penalty: ({ teacher }) => weighted(tf.neg(tf.mean(tf.abs(teacher.features))), weight),
});

/** Euclidean length with a gradient at zero. */
const lengthOf = (x: Tensor): Scalar => tf.sqrt<Scalar>(tf.add(tf.sum(tf.square(x)), 1e-12));

/** ‖mean(x) - running mean‖ + ‖variance(x) - running variance‖ of one batch norm, over all axes but the last. */
function momentDistance({ x, mean, variance }: BatchNormInput): Scalar {
  const axes = x.shape.map((_, axis) => axis).slice(0, -1);
  const own = tf.mean(x, axes); // [C]
  const spread = tf.mean(tf.squaredDifference(x, own), axes); // [C]
  return tf.add(lengthOf(tf.sub(own, mean)), lengthOf(tf.sub(spread, variance)));
}

/**
 * Σ over the teacher's batch norms of the distance between the moments of their inputs and the running averages: generated
 * images have the statistics of those that the teacher was trained on (DeepInversion, Yin 2020). The weight is ours.
 *
 * Throws `ANC_GENERATOR_TERM` for a teacher without batch norm.
 */
export const batchNormStatistics = ({ weight }: Weight): GeneratorTerm => ({
  name: `batch-norm(${weight})`,
  penalty({ batchNorms }) {
    if (batchNorms.length === 0) {
      throw new AncError('ANC_GENERATOR_TERM', 'the teacher has no batch norm, so it keeps no statistics.', {
        expected: 'a teacher with batch norm beside the generator term batch-norm',
        received: 'a teacher without',
        hint: 'leave the term batch-norm out of generatorTerms.',
      });
    }
    const distances = batchNorms.map(momentDistance);
    return weighted(
      distances.reduce((sum, distance) => tf.add(sum, distance)),
      weight,
    );
  },
});

/** The next row for each row, the first for the last: [B, …]. */
const nextRow = (x: Tensor): Tensor => tf.concat([tf.slice(x, 1), tf.slice(x, 0, 1)]);

/** Mean absolute difference of each row to the next one: [B, …] -> [B]. */
function stepBetween(x: Tensor): Tensor {
  const rows = tf.reshape(x, [x.shape[0], -1]);
  return tf.mean(tf.abs(tf.sub(rows, nextRow(rows))), 1);
}

/**
 * E of |z - z'| / |x - x'| over pairs of neighbors in the batch, pixels in 0..1: different noise gives different images
 * (mode seeking, Mao 2019, whose inverse the authors' code minimizes too). The weight is ours.
 */
export const diversity = ({ weight }: Weight): GeneratorTerm => ({
  name: `diversity(${weight})`,
  penalty: ({ images, z: noise }) =>
    weighted(tf.mean(tf.div(stepBetween(noise), tf.add(stepBetween(tf.div(images, 255)), 1e-3))), weight),
});
