import type { WeightsMetadata } from '@anc/formats';
import { placeOf } from '../files/verify.js';
import { writeWeights } from '../files/weights.js';
import type { PlannedModel } from '../planning/plan.js';
import { TimeBox } from '../training/time-box.js';
import type { TimedTraining } from '../training/train-context.js';
import type { RunContext } from './execution.js';

/** Seconds for a student's files, and for the report of the last one. */
const WRITING = 0.3;

/** What a student's training for a time needs; undefined for runs that have a number of epochs. */
export function timedTraining(
  { plan, clock, folder }: RunContext,
  model: PlannedModel,
  metadata: WeightsMetadata,
  evaluationSeconds: () => Promise<number>,
): TimedTraining | undefined {
  const { time } = plan.options.training;
  if (time === undefined || clock === undefined) return undefined;
  const left = plan.students.length - plan.students.findIndex(({ name }) => name === model.name);
  return {
    open: async (before) => {
      const from = before?.from ?? clock.now();
      const until = from + Math.max(0, time - from) / left;
      const reserve = Math.min((await evaluationSeconds()) + WRITING, (until - from) / 2);
      return new TimeBox(clock.now, from, until, reserve, before?.revisions);
    },
    saved: () => clock.save(),
    exportable: async (variables) => {
      await writeWeights(folder, placeOf(model.name), variables, metadata);
    },
  };
}
