import {
  binaryCrossEntropy,
  modelNames,
  Regularizer,
  softmaxCrossEntropy,
  squaredDistance,
  temperatureKl,
  type AdversarialLoss,
  type AdversarialSetup,
  type Balancer,
  type DataTerm,
  type RegularizerContext,
  type Term,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { ToyDiscriminator } from './discriminator.js';

const l2Term: DataTerm = { name: 'l2', loss: (student, teacher) => squaredDistance(student, teacher) };

/** KL divergence at temperature 4. */
export const klTerm: DataTerm = {
  name: 'kl',
  loss: (student, teacher) => temperatureKl(student, teacher, 4),
};

const labelInversion: AdversarialLoss = {
  name: 'label-inversion',
  discriminator: (onTeacher, onStudent) =>
    tf.add(binaryCrossEntropy(onTeacher, 1), binaryCrossEntropy(onStudent, 0)),
  student: (onStudent) => binaryCrossEntropy(onStudent, 1),
};

/** Eq. 7. */
class AdversarialSamples extends Regularizer {
  readonly name = 'adversarial-samples';

  penalty({ onStudent }: RegularizerContext): Scalar {
    return binaryCrossEntropy(onStudent, 1);
  }
}

/** Eq. 5 and 6 at once, with a small weight. */
export class WeightNorms extends Regularizer {
  readonly name = 'weight-norms';

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

const fixedWeight: Balancer = {
  name: 'fixed',
  memory: {},
  weight: () => tf.scalar(1),
  next: () => ({}),
};

/** A balancer with a moving average in the training state. */
export const averagingBalancer: Balancer = {
  name: 'averaging',
  memory: { ratio: 1 },
  weight: ({ ratio }) => tf.minimum(tf.mul(ratio!, 0.2), 3),
  next: ({ ratio }, { data, adversarial }) => ({
    ratio: tf.add(
      tf.mul(ratio!, 0.9),
      tf.mul(tf.minimum(tf.div(data, tf.maximum(adversarial, 1e-6)), 20), 0.1),
    ),
  }),
};

/** Cross-entropy with labels. */
export const labelTerm: Term = {
  name: 'labels',
  id: 'cross-entropy',
  teacherOutputs: [],
  usesLabels: true,
  loss: ({ outputs, batch }) => softmaxCrossEntropy(outputs.logits, batch.labels!),
};

/** The paper's objective: label inversion, L2 on logits, Eq. 7, dropout 0.5 on the adversarial sample. */
export const toyObjective = {
  discriminators: [
    { name: modelNames.discriminator, discriminator: new ToyDiscriminator(), input: 'features', weight: 1 },
  ],
  condition: 'teacher',
  dataTerm: l2Term,
  adversarialLoss: labelInversion,
  regularizers: [new AdversarialSamples()],
  regularizerUpdate: 'joint',
  balancer: fixedWeight,
  dropout: { rate: 0.5, position: 'adversarial-sample' },
} as const satisfies Omit<AdversarialSetup, 'student' | 'optimizers'>;
