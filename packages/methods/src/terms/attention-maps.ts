import type { Term } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { TapPair } from '../features/tap-pairs.js';
import { averagedTo } from './plane.js';

/** Spatial attention Σ_c |A_c|², flattened and scaled to unit length. x: [B, H, W, C] -> [B, H·W]. */
function attentionMap(x: Tensor): Tensor {
  const map = tf.mean(tf.square(x), 3); // [B, H, W]
  const flat = tf.reshape(map, [x.shape[0], -1]);
  return tf.div(flat, tf.sqrt(tf.add(tf.sum(tf.square(flat), 1, true), 1e-12)));
}

/** The smaller height and the smaller width of two planes, to which the larger are averaged. */
const commonPlane = ({ studentShape, teacherShape }: TapPair): [number, number] => [
  Math.min(studentShape[0]!, teacherShape[0]!),
  Math.min(studentShape[1]!, teacherShape[1]!),
];

/** Σ_j mean (Q_s/|Q_s| - Q_t/|Q_t|)² over batch and positions, summed over the pairs j. */
export const attentionMaps = (pairs: readonly TapPair[]): Term => ({
  name: 'attention',
  id: JSON.stringify(['attention', 'sum of means', pairs.map(({ student, teacher }) => [student, teacher])]),
  teacherOutputs: pairs.map(({ teacher }) => teacher),
  usesLabels: false,
  loss({ outputs, batch }) {
    const distances = pairs.map((pair) => {
      const plane = commonPlane(pair);
      const own = attentionMap(averagedTo(plane, outputs[pair.student]!));
      const wanted = attentionMap(averagedTo(plane, batch[`teacher/${pair.teacher}`]!));
      return tf.mean(tf.squaredDifference(own, wanted));
    });
    return distances.reduce((sum, distance) => tf.add(sum, distance)) as Scalar;
  },
});
