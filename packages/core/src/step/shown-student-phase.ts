import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import type { Context } from '../contracts/network.js';
import type { Phase } from '../contracts/step.js';
import { classification } from '../tasks/classification/classification.js';
import type { Tree } from '../tree/tree.js';
import type { DataFreeSetup } from './data-free-setup.js';
import { dataTermLoss } from './objective-context.js';
import { studentPhase } from './student-phase.js';

/** What the student's phase needs of a setup. */
type StudentSetup = Pick<DataFreeSetup, 'student' | 'task' | 'dataTerm'>;

/** A batch that was made in the step, and what was measured on the way. */
export interface Shown {
  readonly batch: Tree;
  readonly metrics?: Tree<Scalar>;
}

/** The student's phase on a batch that the step makes itself: λ times the data term. */
export function shownStudentPhase(
  { student, task = classification, dataTerm }: StudentSetup,
  optimizer: DataFreeSetup['optimizers']['student'],
  shown: (state: Tree, batch: Tree, hyper: Tree<Scalar>, context: Context) => Shown,
): Phase {
  const phase = studentPhase({
    student,
    optimizer,
    task,
    objective(lossContext) {
      const { outputs, batch, hyper } = lossContext;
      const data = dataTermLoss(dataTerm, lossContext);
      return {
        loss: tf.mul<Scalar>(data, hyper.lambda!),
        metrics: {
          'loss/data': data,
          'agreement/shown': task.batchAgreement(outputs.logits, batch['teacher/logits']!),
        },
      };
    },
  });
  return {
    ...phase,
    gradients(state, given, hyper, context) {
      const { batch, metrics } = shown(state, given, hyper, context);
      const found = phase.gradients(state, batch, hyper, context);
      return metrics === undefined ? found : { ...found, metrics: { ...found.metrics, ...metrics } };
    },
  };
}
