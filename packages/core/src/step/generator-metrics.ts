import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** Pixels within so many bytes of the ends of their range count as saturated. */
const EDGE = 2.55;

/** -Σ p log p over the last axis, as a share of the largest possible, log of the number of classes. */
const entropyOf = (p: Tensor): Tensor =>
  tf.div(tf.neg(tf.sum(tf.mul(p, tf.log(tf.add(p, 1e-12))), -1)), Math.log(p.shape.at(-1)!));

/**
 * What shows whether generated images are of use, whatever the losses are.
 *
 * - `generator/entropy`: entropy of the teacher's mean answer, from 0 (one class alone) to 1 (all classes alike).
 * - `generator/unsure`: mean entropy of its answers, from 0 (certain) to 1.
 * - `generator/top-class`: share of the images that the teacher gives to the most frequent class.
 * - `generator/deviation`: deviation of a pixel over the batch, mean over pixels, in bytes; 0 where all images are equal.
 * - `generator/saturation`: share of the pixels at either end of their range or beyond.
 * - `generator/logits`: mean absolute value of the teacher's centered logits.
 *
 * @param images [B, H, W, C] in units of bytes.
 * @param logits the teacher's for them, [B, …, classes].
 */
export function generatorMetrics(images: Tensor, logits: Tensor): Record<string, Scalar> {
  const classes = logits.shape.at(-1)!;
  const answers = tf.softmax(tf.reshape(logits, [-1, classes])); // [N, classes]
  const predicted = tf.oneHot(tf.argMax(answers, 1), classes);
  const mean = tf.mean(images, 0);
  const variance = tf.mean(tf.squaredDifference(images, mean), 0); // [H, W, C]
  const middle = tf.abs(tf.sub(images, 127.5));
  const centered = tf.sub(logits, tf.mean(logits, -1, true));
  return {
    'generator/entropy': entropyOf(tf.mean(answers, 0)) as Scalar,
    'generator/unsure': tf.mean(entropyOf(answers)),
    'generator/top-class': tf.max(tf.mean(tf.cast(predicted, 'float32'), 0)),
    'generator/deviation': tf.mean(tf.sqrt(variance)),
    'generator/saturation': tf.mean(tf.cast(tf.greaterEqual(middle, 127.5 - EDGE), 'float32')),
    'generator/logits': tf.mean(tf.abs(centered)),
  };
}
