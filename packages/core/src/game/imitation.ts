import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { agreement, errorRate, softmaxCrossEntropy } from '../losses.js';
import type { ClassifierOutputs, Network } from '../network.js';
import type { DataTerm } from '../objective.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { Step } from '../step.js';
import { studentPhase } from './student-phase.js';

interface Training {
  readonly student: Network<ClassifierOutputs>;
  readonly optimizer: Optimizer;
}

/**
 * One player: the student follows the teacher's logits (Eq. 3 alone, or label-free distillation).
 *
 * With `hardWeight` α the labels join: (1 - α) · data + α · cross-entropy (Hinton 2015); α = 0 reads none.
 */
export function imitationStep({
  student,
  optimizer,
  dataTerm,
  hardWeight = 0,
}: Training & { readonly dataTerm: DataTerm; readonly hardWeight?: number }): Step {
  const phase = studentPhase({
    student,
    optimizer,
    objective({ outputs, batch, hyper }) {
      const told = batch['teacher/logits']!;
      const data = dataTerm.loss(outputs.logits, told);
      const soft = tf.mul(data, hyper.lambda!);
      const loss =
        hardWeight === 0
          ? soft
          : tf.add(
              tf.mul(soft, 1 - hardWeight),
              tf.mul(softmaxCrossEntropy(outputs.logits, batch.labels!), hardWeight),
            );
      return {
        loss: loss as Scalar,
        metrics: { 'loss/data': data, agreement: agreement(outputs.logits, told) },
      };
    },
  });
  const id = {
    kind: 'imitation',
    student: student.name,
    dataTerm: dataTerm.name,
    hardWeight,
    optimizer: optimizer.id,
  };
  return { id: JSON.stringify(id), phases: [phase] };
}

/** Cross-entropy with labels: how teachers are trained, and the paper's supervised baseline. */
export function supervisedStep({ student, optimizer }: Training): Step {
  const phase = studentPhase({
    student,
    optimizer,
    objective({ outputs, batch }) {
      const loss = softmaxCrossEntropy(outputs.logits, batch.labels!);
      return { loss, metrics: { error: errorRate(outputs.logits, batch.labels!) } };
    },
  });
  return {
    id: JSON.stringify({ kind: 'supervised', student: student.name, optimizer: optimizer.id }),
    phases: [phase],
  };
}
