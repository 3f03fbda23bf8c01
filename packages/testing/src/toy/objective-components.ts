import {
  binaryCrossEntropy,
  filled,
  gradientAt,
  Regularizer,
  type AdversarialLoss,
  type DataTerm,
  type HostTensor,
  type RegularizerContext,
  type Tree,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** Noise and a second derivative: gradients of norm 1 at random points between teacher and student. */
export class ToyGradientPenalty extends Regularizer {
  readonly name = 'toy-gradient-penalty';

  penalty({ teacher, student, noise, discriminate }: RegularizerContext): Scalar {
    const share = noise('share', [teacher.shape[0], 1], { kind: 'uniform', low: 0, high: 1 });
    const between = tf.add(student, tf.mul(share, tf.sub(teacher, student)));
    const gradient = gradientAt((x: Tensor) => tf.sum<Scalar>(discriminate(x)), between);
    const norms = tf.sqrt(tf.add(tf.sum(tf.square(gradient), 1), 1e-12));
    return tf.mean(tf.square(tf.sub(norms, 1)));
  }
}

/** A bounded memory: D's logits stay near their moving average. */
export class ToyMemory extends Regularizer {
  readonly name = 'toy-memory';

  override memory(): Tree<HostTensor> {
    return { mean: filled([]) };
  }

  override next({ memory, onTeacher }: RegularizerContext): Tree {
    return { mean: tf.add(tf.mul(memory.mean!, 0.9), tf.mul(tf.mean(onTeacher), 0.1)) };
  }

  penalty({ memory, onTeacher }: RegularizerContext): Scalar {
    return tf.mean(tf.square(tf.sub(onTeacher, memory.mean!)));
  }
}

/** Hidden features: those of teacher and student have the same mean. */
export class ToyHiddenDistance extends Regularizer {
  readonly name = 'toy-hidden-distance';

  penalty({ hiddenOnTeacher, hiddenOnStudent }: RegularizerContext): Scalar {
    const [teacher, student] = [hiddenOnTeacher.hidden1!, hiddenOnStudent.hidden1!];
    return tf.sum(tf.squaredDifference(tf.mean(teacher, 0), tf.mean(student, 0)));
  }
}

/** Both sides: D says which of a pair is the teacher's; the student also matches D's hidden features. */
export const toyRelativistic: AdversarialLoss = {
  name: 'toy-relativistic',
  discriminator: (onTeacher, onStudent) => binaryCrossEntropy(tf.sub(onTeacher, onStudent), 1),
  student: (onStudent, { onTeacher, hiddenOnTeacher, hiddenOnStudent }) =>
    tf.add(
      binaryCrossEntropy(tf.sub(onStudent, onTeacher), 1),
      tf.mean(tf.squaredDifference(hiddenOnTeacher.hidden1!, hiddenOnStudent.hidden1!)),
    ),
};

/** Features and progress: from the distance of the features to that of the logits in the course of the training. */
export const toyFeatureTerm: DataTerm = {
  name: 'toy-features',
  teacherOutputs: ['features'],
  loss: (student, teacher, { progress, student: outputs, teacher: wanted }) =>
    tf.add(
      tf.mul(progress, tf.mean(tf.squaredDifference(student, teacher))),
      tf.mul(tf.sub(1, progress), tf.mean(tf.squaredDifference(outputs.features, wanted.features!))),
    ),
};
