import { AncError, type Term } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { linearProjection } from '../features/linear-projection.js';
import type { TapPair } from '../features/tap-pairs.js';

/** Name of the projection's layer in the training state. */
const PROJECTION = 'features-projection';

/**
 * Mean squared distance of the student's projected features and the teacher's, image by image:
 * mean over batch and units of (P f_s - f_t)².
 * @throws `ANC_METHOD_TAP` if the shapes differ and are not projected.
 */
export function pairedFeatures(pair: TapPair, adapter: 'none' | 'linear'): Term {
  const { student, teacher, studentShape, teacherShape } = pair;
  const linear = linearProjection(PROJECTION, studentShape, teacherShape);
  const projection = adapter === 'linear' ? linear : null;
  if (projection === null && studentShape.join() !== teacherShape.join()) {
    throw new AncError('ANC_METHOD_TAP', `student and teacher differ in the shape of "${student}".`, {
      expected: `[${teacherShape.join(', ')}] (the teacher's "${teacher}")`,
      received: `[${studentShape.join(', ')}] (the student's)`,
      hint: linear === null ? 'choose taps whose shapes agree.' : 'set adapter: linear.',
    });
  }
  return {
    name: 'features',
    id: JSON.stringify(['paired-features', student, teacher, adapter]),
    teacherOutputs: [teacher],
    usesLabels: false,
    ...(projection && { auxiliaryLayers: { [PROJECTION]: projection } }),
    loss({ outputs, batch, auxiliary }) {
      const features = outputs[student]!; // [B, …]
      const projected = projection ? auxiliary(PROJECTION, features) : features;
      return tf.mean<Scalar>(tf.squaredDifference(projected, batch[`teacher/${teacher}`]!));
    },
  };
}
