import { dataTermLoss, type DataTerm, type Term } from '@anc/core';
import { originOf, received, scalarFrom } from '@anc/core/internal';

/** A data term of the objective as one term of the student's loss; `name`: that of its metric and weight. */
export const dataTerm = (data: DataTerm, name = 'data'): Term => ({
  name,
  id: data.name,
  teacherOutputs: ['logits', ...(data.teacherOutputs ?? [])],
  usesLabels: false,
  origin: originOf('data term', data),
  loss: (context) => dataTermLoss(data, context),
});

/** What the task minimizes with targets: cross-entropy with labels, for classification. */
export const hardLabels: Term = {
  name: 'labels',
  id: 'cross-entropy',
  teacherOutputs: [],
  usesLabels: true,
  loss({ outputs, batch, task }) {
    const what = originOf('task', task);
    const logits = received(what, 'logits', outputs.logits);
    return scalarFrom(what, 'loss', () => task.loss(logits, batch.labels!));
  },
};
