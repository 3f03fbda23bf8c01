import {
  binaryCrossEntropy,
  Regularizer,
  squaredDistance,
  temperatureKl,
  type Balancer,
  type DataTerm,
  type RegularizerContext,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';

export const l2Term: DataTerm = { name: 'l2', loss: (student, teacher) => squaredDistance(student, teacher) };
export const klTerm: DataTerm = {
  name: 'kl',
  loss: (student, teacher) => temperatureKl(student, teacher, 4),
};
/** Eq. 7. */
export class Samples extends Regularizer {
  readonly name = 'samples';

  penalty({ onStudent }: RegularizerContext): Scalar {
    return binaryCrossEntropy(onStudent, 1);
  }
}

/** Eq. 5 and 6 at once, small. */
export class WeightNorm extends Regularizer {
  readonly name = 'weight norm';

  penalty({ params }: RegularizerContext): Scalar {
    const norms = Object.values(params).map((param) =>
      tf.add<Scalar>(tf.sum(tf.square(param)), tf.sum(tf.abs(param))),
    );
    return tf.mul(
      norms.reduce((sum, term) => tf.add(sum, term)),
      1e-3,
    );
  }
}

export const fixedWeight: Balancer = {
  name: 'fixed',
  memory: {},
  weight: () => tf.scalar(1),
  next: () => ({}),
};
export const remembering: Balancer = {
  name: 'remembering',
  memory: { ratio: 1 },
  weight: ({ ratio }) => tf.minimum(tf.mul(ratio!, 0.2), 3),
  next: ({ ratio }, { data, adversarial }) => ({
    ratio: tf.add(
      tf.mul(ratio!, 0.9),
      tf.mul(tf.minimum(tf.div(data, tf.maximum(adversarial, 1e-6)), 20), 0.1),
    ),
  }),
};
