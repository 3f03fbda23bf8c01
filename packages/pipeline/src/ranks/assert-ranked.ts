import { AncError } from '@anc/core';
import { assertDivisible } from '@anc/core/internal';
import { optionError } from '../options/option-error.js';
import type { RunOptions } from '../options/run-options.js';
import type { Plan } from '../planning/plan.js';
import type { TrainingData } from '../data/training-data.js';

/** Throws `ANC_CONFIG` where options cannot be those of several ranks. */
export function assertRankedOptions({ training, student }: RunOptions, ranks: number): void {
  if (training.time !== undefined) {
    throw optionError(
      ['training', 'time'],
      'a time is for one process: ranks may not agree when it is over.',
      {
        expected: 'a number of epochs',
        received: `${ranks} ranks`,
        hint: 'use --epochs, or start the program once.',
      },
    );
  }
  const rows = training.batchSize / (training.accumulate ?? 1);
  if (rows < ranks) {
    throw optionError(['training', 'batchSize'], 'there are more ranks than images computed at once.', {
      expected: `at least ${ranks * (training.accumulate ?? 1)}`,
      received: String(training.batchSize),
      hint: 'use larger batches or fewer ranks: the batch size is that of all ranks together.',
    });
  }
  if (student.maxMs !== undefined) {
    throw optionError(['student', 'maxMs'], 'a latency is measured in one process, not on several ranks.', {
      hint: 'name the student with --student.',
    });
  }
}

/** Throws `ANC_CONFIG` where a stage of the plan keeps single samples. */
export function assertRankedPlan({ teacher, students }: Plan<TrainingData>): void {
  const trained = 'given' in teacher ? students : [teacher, ...students];
  for (const { stages } of trained) for (const stage of stages) assertDivisible(stage, 1, true);
}

/** Text of what must be the same on all ranks. */
export function sameForAll({ options, data, backends, students, teacher }: Plan): string {
  const { training, objective, methods } = options;
  return JSON.stringify({
    training,
    objective,
    methods,
    backend: backends.student.name,
    train: data.train.images.fingerprint,
    held: data.held?.images.fingerprint ?? null,
    test: data.test.images.fingerprint,
    teacher: 'given' in teacher ? teacher.given.digest : teacher.network.parameters,
    students: students.map(({ name, network }) => [name, network.parameters]),
  });
}

/** The error of ranks whose plans differ. */
export const otherPlans = (): AncError =>
  new AncError('ANC_RANKS', 'the ranks have planned different runs.', {
    expected: 'the same options, data, teacher and backend on all of them',
    hint: 'start all ranks with the same command, in folders with the same files.',
  });
