import { AncError, type AuxiliaryLayer, type Term } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { linearProjection } from '../features/linear-projection.js';
import type { TapPair } from '../features/tap-pairs.js';
import { averagedTo } from './plane.js';
import { regressorOf } from './regressor.js';

/** Name of the adapter's layer in the training state. */
const ADAPTER = 'features-projection';

/** What maps the student's output to the teacher's shape. */
export const ADAPTERS = ['none', 'linear', 'regressor'] as const;

export type Adapter = (typeof ADAPTERS)[number];

/** The adapter's layer; null for none. @throws `ANC_METHOD_TAP` where it cannot map the one shape to the other. */
function adapterLayer(pair: TapPair, adapter: Adapter): AuxiliaryLayer | null {
  const { student, teacher, studentShape, teacherShape } = pair;
  const linear = linearProjection(ADAPTER, studentShape, teacherShape);
  const regressor = regressorOf(ADAPTER, pair);
  const layer = { none: null, linear, regressor }[adapter];
  if (layer !== null || (adapter === 'none' && studentShape.join() === teacherShape.join())) return layer;
  if (adapter === 'linear' && studentShape.join() === teacherShape.join()) return null;
  throw new AncError('ANC_METHOD_TAP', `student and teacher differ in the shape of "${student}".`, {
    expected: `[${teacherShape.join(', ')}] (the teacher's "${teacher}")`,
    received: `[${studentShape.join(', ')}] (the student's)`,
    hint:
      linear !== null && adapter !== 'linear'
        ? 'set adapter: linear.'
        : regressor !== null && adapter !== 'regressor'
          ? 'set adapter: regressor.'
          : 'choose taps whose shapes agree.',
  });
}

/**
 * Mean squared distance of the student's features, as the adapter maps them, and the teacher's, image by image: mean
 * over batch and units of (P f_s - f_t)². Where the regressor's result has the student's smaller plane, the teacher's
 * features are averaged to it.
 * @throws `ANC_METHOD_TAP` if the shapes differ and the adapter cannot map the one to the other.
 */
export function pairedFeatures(pair: TapPair, adapter: Adapter): Term {
  const { student, teacher } = pair;
  const layer = adapterLayer(pair, adapter);
  return {
    name: 'features',
    id: JSON.stringify(['paired-features', student, teacher, adapter]),
    teacherOutputs: [teacher],
    usesLabels: false,
    ...(layer && { auxiliaryLayers: { [ADAPTER]: layer } }),
    loss({ outputs, batch, auxiliary }) {
      const features = outputs[student]!; // [B, …]
      const adapted = layer ? auxiliary(ADAPTER, features) : features;
      const wanted = batch[`teacher/${teacher}`]!;
      const plane = adapted.rank === 4 ? averagedTo([adapted.shape[1]!, adapted.shape[2]!], wanted) : wanted;
      return tf.mean<Scalar>(tf.squaredDifference(adapted, plane));
    },
  };
}
