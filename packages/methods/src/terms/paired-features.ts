import { AncError, type Term } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { linearProjection } from '../projections/linear.js';
import type { TapPair } from '../projections/taps.js';

/**
 * Mean squared distance of the projected student features and the teacher's, image by image:
 * mean over batch and units of (P f_s - f_t)². Throws `ANC_METHOD_TAP` where no projection fits.
 */
export function pairedFeatures(pair: TapPair, adapter: 'none' | 'linear'): Term {
  const { student, teacher, studentShape, teacherShape } = pair;
  const player = 'features-projection';
  const companion = adapter === 'linear' ? linearProjection(player, studentShape, teacherShape) : null;
  if (companion === null && studentShape.join() !== teacherShape.join()) {
    const bridgeable = linearProjection(player, studentShape, teacherShape) !== null;
    throw new AncError('ANC_METHOD_TAP', `student and teacher differ in the shape of "${student}".`, {
      expected: `[${teacherShape.join(', ')}] (the teacher's "${teacher}")`,
      received: `[${studentShape.join(', ')}] (the student's)`,
      hint: bridgeable ? 'set adapter: linear.' : 'choose taps of one size.',
    });
  }
  return {
    name: 'features',
    id: JSON.stringify(['paired-features', student, teacher, adapter]),
    teacherOutputs: [teacher],
    usesLabels: false,
    ...(companion && { auxiliaryLayers: { [player]: companion } }),
    loss({ outputs, batch, auxiliary: through }) {
      const shown = outputs[student]!; // [B, …]
      const projected = companion ? through(player, shown) : shown;
      return tf.mean<Scalar>(tf.squaredDifference(projected, batch[`teacher/${teacher}`]!));
    },
  };
}
