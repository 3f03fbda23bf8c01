import type { Term } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { lengthsOf } from '../features/relations.js';
import type { TapPair } from '../features/tap-pairs.js';
import { averagedTo } from './plane.js';

/** Smallest length that a map is divided by, as PyTorch's `normalize`. */
const SMALLEST = 1e-12;

/** Class maps averaged to `side` × `side`, each scaled to unit length. [B, H, W, K] -> [B, side², K]. */
function directions(maps: Tensor, side: number): Tensor {
  const pooled = averagedTo([side, side], maps);
  const flat = tf.reshape(pooled, [maps.shape[0], side * side, maps.shape[3]!]);
  return tf.div(flat, lengthsOf(flat, 1, SMALLEST));
}

/**
 * Class attention transfer (Guo 2023, "Class attention transfer based knowledge distillation", Section 4.2): the squared
 * distance of the class maps of student and teacher, averaged to side × side positions and each scaled to unit length; the
 * mean over images, classes and positions.
 *
 * pair: two images [height, width, classes].
 */
export const classMapsTerm = (
  { student, teacher }: Pick<TapPair, 'student' | 'teacher'>,
  side: number,
): Term => ({
  name: 'class-maps',
  id: JSON.stringify(['class-maps', student, teacher, side]),
  teacherOutputs: [teacher],
  usesLabels: false,
  loss({ outputs, batch }) {
    const own = directions(outputs[student]!, side);
    const wanted = directions(batch[`teacher/${teacher}`]!, side);
    return tf.mean<Scalar>(tf.squaredDifference(own, wanted));
  },
});
