import type { DataTerm, DataTermContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { outputOf } from '../features/output-of.js';
import { differentSamples, rowsOf } from '../features/relations.js';

export const rkdSchema = z.strictObject({
  output: z
    .string()
    .default('features')
    .describe('output of both networks to compare: features, logits or a named tap; widths may differ'),
  distance: z.number().nonnegative().default(25).describe('weight of the distances between two images'),
  angle: z.number().nonnegative().default(50).describe('weight of the angles between three images'),
});

/** Smallest squared distance, which that of two equal samples counts as. */
const LEAST = 1e-12;

/** What relations are made of: x without the mean of the batch (which no relation depends on), and squared distances. */
function geometry(x: Tensor): { products: Tensor2D; distances: Tensor2D } {
  const rows = rowsOf(x);
  const centered: Tensor2D = tf.sub(rows, tf.mean(rows, 0, true));
  const products: Tensor2D = tf.matMul(centered, centered, false, true); // [B, B]
  const squares = tf.sum(tf.square(centered), 1, true); // [B, 1]
  const squared = tf.sub(tf.add(squares, tf.transpose(squares)), tf.mul(products, 2));
  return { products, distances: tf.sqrt(tf.maximum(squared, LEAST)) };
}

/** Distances between the samples, relative to their mean. -> [B, B], zeros on the diagonal. */
function relativeDistances(distances: Tensor2D): Tensor2D {
  const batch = distances.shape[0];
  const different = tf.mul(distances, differentSamples(batch));
  const mean = tf.div(tf.sum(different), Math.max(1, batch * (batch - 1)));
  return tf.div(different, tf.maximum(mean, LEAST));
}

/**
 * Cosines of the angles at each sample between any two others, [B, B, B]: entry (k, i, j) is the angle at k. The
 * differences x_i - x_k are not formed, which would take B² d numbers: their products are those of Gram's matrix.
 */
function angles({ products, distances }: ReturnType<typeof geometry>): Tensor {
  const batch = products.shape[0];
  const at = (shape: [number, number, number], x: Tensor): Tensor => tf.reshape(x, shape);
  const lengths = tf.mul(distances, differentSamples(batch)); // of x_i - x_k; zero for i = k
  const own = tf.sum(tf.mul(products, tf.eye(batch)), 1); // |x_k|²
  const dots = tf.add(
    tf.sub(
      tf.sub(at([1, batch, batch], products), at([batch, batch, 1], products)),
      at([batch, 1, batch], products),
    ),
    at([batch, 1, 1], own),
  );
  const scale = tf.div(differentSamples(batch), tf.maximum(lengths, 1e-6)); // 1 / |x_i - x_k|
  return tf.mul(dots, tf.mul(at([batch, batch, 1], scale), at([batch, 1, batch], scale)));
}

/** Mean of ½ δ² where |δ| < 1, and |δ| - ½ elsewhere (Huber's loss). */
function smoothL1(a: Tensor, b: Tensor): Scalar {
  const size = tf.abs(tf.sub(a, b));
  const inner = tf.minimum(size, 1);
  return tf.mean<Scalar>(tf.mul(inner, tf.sub(size, tf.mul(inner, 0.5))));
}

/**
 * Park 2019 ("Relational knowledge distillation"), Sections 3.2.1 and 3.2.2: Huber's loss between the relations of student and
 * teacher, which are the distances of all pairs of a batch, relative to their mean, and the cosines of the angles of
 * all triples. Student and teacher may differ in width.
 *
 * The weights 25 and 50 are those of the paper for distillation beside cross-entropy, and of RepDistiller.
 */
export const rkdTerm = ({ output, distance, angle }: z.infer<typeof rkdSchema>) =>
  ({
    name: `rkd(${output},${distance},${angle})`,
    teacherOutputs: [output],
    loss(_student: Tensor, _teacher: Tensor, { student, teacher }: DataTermContext): Scalar {
      const own = geometry(outputOf(student, output, 'student'));
      const wanted = geometry(outputOf(teacher, output, 'teacher'));
      const byDistance = smoothL1(relativeDistances(own.distances), relativeDistances(wanted.distances));
      const byAngle = smoothL1(angles(own), angles(wanted));
      return tf.add(tf.mul(byDistance, distance), tf.mul(byAngle, angle));
    },
  }) satisfies DataTerm;
