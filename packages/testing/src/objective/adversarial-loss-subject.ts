import type { AdversarialLoss, AdversarialLossContext, Tree } from '@anc/core';
import { scalarFrom } from '@anc/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { normalTensor } from '../harness/differentiable.js';
import type { Subject } from './component-checks.js';

const BATCH = 5;
/** Of the discriminator's logits and hidden features, without the batch axis. */
const SHAPES = { logits: [2], hidden1: [4], hidden2: [3] } as const;

/** D's outputs on one side, by name: `<side>/logits`, `<side>/hidden1`, … */
const drawn = (side: string, scale: number) =>
  Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape]) => [
      `${side}/${name}`,
      normalTensor(`${side}/${name}`, [BATCH, ...shape], name === 'logits' ? scale : 1),
    ]),
  );

const hiddenOf = (leaves: Tree, side: string): Tree => ({
  hidden1: leaves[`${side}/hidden1`]!,
  hidden2: leaves[`${side}/hidden2`]!,
});

/**
 * One side of an adversarial loss as a function of D's outputs: `<side>/logits`, `<side>/hidden1`, `<side>/hidden2`.
 *
 * @param scale of the logits.
 */
export function adversarialLossSubject(
  loss: AdversarialLoss,
  member: 'discriminator' | 'student',
  scale = 1,
): Subject {
  const what = `adversarial loss "${loss.name}"`;
  return {
    what: `${what}: ${member}`,
    leaves: { ...drawn('teacher', scale), ...drawn('student', scale) },
    compute: (leaves, noise) => {
      const [onTeacher, onStudent] = [leaves['teacher/logits']!, leaves['student/logits']!];
      const context: AdversarialLossContext = {
        progress: tf.scalar(0.5),
        noise,
        onTeacher,
        hiddenOnTeacher: hiddenOf(leaves, 'teacher'),
        hiddenOnStudent: hiddenOf(leaves, 'student'),
      };
      return scalarFrom(what, member, () =>
        member === 'discriminator'
          ? loss.discriminator(onTeacher, onStudent, context)
          : loss.student(onStudent, context),
      );
    },
  };
}
