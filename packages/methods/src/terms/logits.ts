import type { DataTerm, Term } from '@anc/core';

/** A data term of the objective as one term of the student's loss. */
export const dataTerm = (data: DataTerm): Term => ({
  name: 'data',
  id: data.name,
  teacherOutputs: ['logits'],
  usesLabels: false,
  loss: ({ outputs, batch }) => data.loss(outputs.logits, batch['teacher/logits']!),
});

/** What the task minimizes with targets: cross-entropy with labels, for classification. */
export const hardLabels: Term = {
  name: 'labels',
  id: 'cross-entropy',
  teacherOutputs: [],
  usesLabels: true,
  loss: ({ outputs, batch, task }) => task.loss(outputs.logits, batch.labels!),
};
