import { AncError, conv2d, dense, type AuxiliaryLayer, type Term } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import type { TapPair } from '../features/tap-pairs.js';
import { resizedTo } from './resize.js';

/** Name of the regressor's layer in the training state. */
const REGRESSOR = 'regressor';

/** Maps the guided layer's shape to the hint's width: a 3×3 convolution, or a fully connected layer. */
function regressor({ student, studentShape, teacherShape }: TapPair): AuxiliaryLayer {
  const width = teacherShape.at(-1)!;
  if (studentShape.length === 3 && teacherShape.length === 3) {
    return { layer: conv2d(REGRESSOR, { kernelSize: 3, filters: width }), input: studentShape };
  }
  if (studentShape.length === 1 && teacherShape.length === 1) {
    return { layer: dense(REGRESSOR, { units: width }), input: studentShape };
  }
  throw new AncError('ANC_METHOD_TAP', `no regressor from "${student}" to the teacher's hint.`, {
    expected: `an image for an image, or a vector for a vector; the hint is [${teacherShape.join(', ')}]`,
    received: `[${studentShape.join(', ')}]`,
  });
}

/** Romero 2015, Eq. 3: ½ ‖u_h(x) - r(v_g(x))‖², here the mean over batch and units instead of the sum. */
export function hintTerm(pair: TapPair): Term {
  const { student, teacher, studentShape } = pair;
  return {
    name: 'hint',
    id: JSON.stringify(['hint', student, teacher]),
    teacherOutputs: [teacher],
    usesLabels: false,
    auxiliaryLayers: { [REGRESSOR]: regressor(pair) },
    loss({ outputs, batch, auxiliary }) {
      const features = batch[`teacher/${teacher}`]!;
      const hint = studentShape.length === 3 ? resizedTo(studentShape, features) : features;
      const guess = auxiliary(REGRESSOR, outputs[student]!);
      return tf.mul<Scalar>(tf.mean(tf.squaredDifference(guess, hint)), 0.5);
    },
  };
}
