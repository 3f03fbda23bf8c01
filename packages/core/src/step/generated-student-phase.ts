import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import type { Phase } from '../contracts/step.js';
import { classification } from '../tasks/classification/classification.js';
import type { DataFreeSetup } from './data-free-step.js';
import { shownBatch } from './generated-images.js';
import { dataTermLoss } from './objective-context.js';
import { studentPhase } from './student-phase.js';

/** The student's phase of a data-free step: λ times the data term, on images that the generator made. */
export function generatedStudentPhase(setup: DataFreeSetup): Phase {
  const { task = classification } = setup;
  const phase = studentPhase({
    student: setup.student,
    optimizer: setup.optimizers.student,
    task,
    objective(lossContext) {
      const { outputs, batch, hyper } = lossContext;
      const data = dataTermLoss(setup.dataTerm, lossContext);
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
    gradients: (state, batch, hyper, context) =>
      phase.gradients(state, shownBatch(setup, state, batch, context), hyper, context),
  };
}
