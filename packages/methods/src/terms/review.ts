import {
  batchNorm,
  conv2d,
  glorotUniform,
  sequential,
  type AuxiliaryLayer,
  type LossContext,
  type Term,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { TapPair } from '../features/tap-pairs.js';
import { averagedTo, nearestTo } from './plane.js';

/** A level of features as images: vectors are images of one pixel. */
interface Level {
  readonly pair: TapPair;
  /** [height, width, channels]. */
  readonly student: readonly number[];
  readonly teacher: readonly number[];
  /** Names of its layers in the training state. */
  readonly into: string;
  readonly attention: string;
  readonly out: string;
}

const asImage = (shape: readonly number[]): readonly number[] =>
  shape.length === 1 ? [1, 1, ...shape] : shape;
const imageOf = (x: Tensor): Tensor => (x.rank === 2 ? tf.reshape(x, [x.shape[0], 1, 1, x.shape[1]!]) : x);

const levelOf = (pair: TapPair): Level => ({
  pair,
  student: asImage(pair.studentShape),
  teacher: asImage(pair.teacherShape),
  into: `review-${pair.student}-in`,
  attention: `review-${pair.student}-attention`,
  out: `review-${pair.student}-out`,
});

/** Widest level inside of the fusion, as in the authors' code. */
const WIDEST = 512;

/** The layers of the fusions, by name in the training state. */
function fusionLayers(levels: readonly Level[], width: number): Record<string, AuxiliaryLayer> {
  const conv = (
    name: string,
    kernelSize: number,
    filters: number,
    input: readonly number[],
  ): AuxiliaryLayer => ({
    layer: sequential(name, [
      conv2d('conv', { kernelSize, filters, bias: false, initializer: glorotUniform }),
      batchNorm('norm', {}),
    ]),
    input,
  });
  const layers = levels.map((level, i) => {
    const [height, width_] = level.student as [number, number, number];
    const [teacherHeight, teacherWidth, channels] = level.teacher as [number, number, number];
    return {
      [level.into]: conv(level.into, 1, width, level.student),
      [level.out]: conv(level.out, 3, channels, [teacherHeight, teacherWidth, width]),
      ...(i < levels.length - 1 && {
        [level.attention]: {
          layer: conv2d(level.attention, { kernelSize: 1, filters: 2 }),
          input: [height, width_, 2 * width],
        },
      }),
    };
  });
  return Object.assign({}, ...layers) as Record<string, AuxiliaryLayer>;
}

/** Squared distance of two feature maps, and of their averages over 4 × 4, 2 × 2 and 1 × 1 parts at halving weights. */
export function hierarchicalContext(own: Tensor, wanted: Tensor): Scalar {
  const [height, width] = [own.shape[1]!, own.shape[2]!];
  const distance = (a: Tensor, b: Tensor): Scalar => tf.mean<Scalar>(tf.squaredDifference(a, b));
  let [sum, weight, total] = [distance(own, wanted), 1, 1];
  for (const side of [4, 2, 1]) {
    if (side >= Math.min(height, width)) continue;
    weight /= 2;
    total += weight;
    const pooled = distance(averagedTo([side, side], own), averagedTo([side, side], wanted));
    sum = tf.add(sum, tf.mul(pooled, weight));
  }
  return tf.div(sum, total);
}

/**
 * Chen 2021 ("Distilling knowledge via knowledge review"): each level of the teacher's features is compared with a
 * fusion of the student's features of this level and all deeper ones. From the deepest level on, the student's features
 * are projected to a common width, weighted against the fusion so far by an attention map (two channels, sigmoid), and
 * brought to the teacher's shape; distances are hierarchical (`hierarchicalContext`), summed over the levels.
 *
 * pairs: from the first to the last level. The layers are learned with the student and are not part of it.
 */
export function reviewTerm(pairs: readonly TapPair[]): Term {
  const levels = pairs.map(levelOf);
  const width = Math.min(WIDEST, levels.at(-1)!.student[2]!);

  /** The fusion of a level with the deeper ones (null at the deepest), at the teacher's plane. [B, h, w, width]. */
  function fused({ outputs, auxiliary }: LossContext, level: Level, deeper: Tensor | null): Tensor {
    const plane = (shape: readonly number[]): [number, number] => [shape[0]!, shape[1]!];
    let x = auxiliary(level.into, imageOf(outputs[level.pair.student]!));
    if (deeper !== null) {
      const rest = nearestTo(plane(level.student), deeper);
      const attention = tf.sigmoid(auxiliary(level.attention, tf.concat([x, rest], 3)));
      const share = (channel: number): Tensor => tf.slice(attention, [0, 0, 0, channel], [-1, -1, -1, 1]);
      x = tf.add(tf.mul(x, share(0)), tf.mul(rest, share(1)));
    }
    return nearestTo(plane(level.teacher), x);
  }

  return {
    name: 'review',
    id: JSON.stringify(['review', pairs.map(({ student, teacher }) => [student, teacher])]),
    teacherOutputs: pairs.map(({ teacher }) => teacher),
    usesLabels: false,
    auxiliaryLayers: fusionLayers(levels, width),
    loss(context) {
      let deeper: Tensor | null = null;
      const distances: Scalar[] = [];
      for (const level of [...levels].reverse()) {
        deeper = fused(context, level, deeper);
        const wanted = imageOf(context.batch[`teacher/${level.pair.teacher}`]!);
        distances.push(hierarchicalContext(context.auxiliary(level.out, deeper), wanted));
      }
      return distances.reduce((sum, distance) => tf.add(sum, distance));
    },
  };
}
