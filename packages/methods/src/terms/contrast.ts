import { dense, sizeOf, type Term } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { lengthsOf, rowsOf } from '../features/relations.js';
import type { TapPair } from '../features/tap-pairs.js';

/** Names of the embeddings' layers in the training state. */
const EMBEDDING = { student: 'contrast-student', teacher: 'contrast-teacher' } as const;

export interface ContrastOptions {
  /** Width of the embeddings. */
  readonly embedding: number;
  /** Temperature τ of the softmax over the batch. */
  readonly contrastTemperature: number;
}

/** Mean cross-entropy of each row's softmax with the diagonal as the class. scores: [B, B]. */
const diagonalCrossEntropy = (scores: Tensor2D): Scalar =>
  tf.neg(tf.mean<Scalar>(tf.sum(tf.mul(tf.logSoftmax(scores), tf.eye(scores.shape[0])), 1)));

/**
 * Tian 2020 ("Contrastive representation distillation") with the other images of the batch as negatives: student and
 * teacher embeddings of the same image are to be closer than those of different images, with either side as the anchor.
 * The embeddings are linear, of unit length, and learned with the student.
 *
 * The authors draw 16,384 negatives from a memory of the whole data set and estimate their softmax by noise contrast;
 * over a batch the softmax is computed exactly (InfoNCE). Width 128 and τ = 0.07 are theirs.
 */
export function contrastTerm(pair: TapPair, { embedding, contrastTemperature }: ContrastOptions): Term {
  const { student, teacher, studentShape, teacherShape } = pair;
  const embed = (name: string, shape: readonly number[]) => ({
    layer: dense(name, { units: embedding }),
    input: [sizeOf(shape)],
  });
  const direction = (x: Tensor): Tensor2D => tf.div(x, lengthsOf(x, 1, 1e-12));
  return {
    name: 'contrast',
    id: JSON.stringify(['contrast', student, teacher, embedding, contrastTemperature]),
    teacherOutputs: [teacher],
    usesLabels: false,
    auxiliaryLayers: {
      [EMBEDDING.student]: embed(EMBEDDING.student, studentShape),
      [EMBEDDING.teacher]: embed(EMBEDDING.teacher, teacherShape),
    },
    loss({ outputs, batch, auxiliary }) {
      const own = direction(auxiliary(EMBEDDING.student, rowsOf(outputs[student]!)));
      const wanted = direction(auxiliary(EMBEDDING.teacher, rowsOf(batch[`teacher/${teacher}`]!)));
      const scores: Tensor2D = tf.div(tf.matMul(own, wanted, false, true), contrastTemperature); // [B, B]
      return tf.add(diagonalCrossEntropy(scores), diagonalCrossEntropy(tf.transpose(scores)));
    },
  };
}
