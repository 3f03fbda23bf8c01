import type { LearningRateSchedule, SchedulePosition } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { suiteOf } from '../harness/suite.js';

const STAGES: readonly Omit<SchedulePosition, 'step'>[] = [
  { steps: 1, warmup: 0, stepsPerEpoch: 1 },
  { steps: 100, warmup: 0, stepsPerEpoch: 10 },
  { steps: 100, warmup: 20, stepsPerEpoch: 10 },
  { steps: 7, warmup: 6, stepsPerEpoch: 3 },
];

/** Every step that a schedule is asked for: those after the warm-up. */
const positions = (stage: Omit<SchedulePosition, 'step'>): SchedulePosition[] =>
  Array.from({ length: stage.steps - stage.warmup }, (_, i) => ({ ...stage, step: stage.warmup + i }));

const where = ({ step, steps, warmup }: SchedulePosition): string =>
  `step ${step} of ${steps} after a warm-up of ${warmup}`;

/**
 * Contract of a schedule: a finite factor of 0 or more at every step of stages of any length, with and without a warm-up before
 * it; not 0 everywhere; the same factor whenever it is asked for a step, so that resumed training continues with the same rates.
 *
 * `create` is called for every test.
 */
export function scheduleContract(runner: ContractRunner, create: () => LearningRateSchedule): void {
  const { describe, it } = suiteOf(runner, 'the schedule');
  describe('schedule contract', () => {
    it('has a name', 'set name to a text that contains every option, such as "step(30)".', (check) => {
      const { name } = create();
      check.that(typeof name === 'string' && name !== '', 'has no name', {
        expected: 'a text',
        received: name,
      });
    });

    const finite =
      'keep divisors away from 0, also at the first step after the warm-up and in a stage of one step.';
    it('gives a finite factor of 0 or more at every step', finite, (check) => {
      const wrong = STAGES.flatMap(positions).flatMap((position) => {
        const factor = create().factor(position);
        return Number.isFinite(factor) && factor >= 0 ? [] : [`${factor} at ${where(position)}`];
      });
      check.none(
        wrong,
        'gives a factor that is no learning rate',
        'a finite factor of 0 or more at every step',
      );
    });

    it('lets something be learned', 'return more than 0 at some steps after the warm-up.', (check) => {
      const still = STAGES.filter((stage) => positions(stage).every((at) => create().factor(at) === 0));
      check.none(
        still.map(({ steps, warmup }) => `${steps} steps after a warm-up of ${warmup}`),
        'is 0 at every step of a stage',
        'a factor above 0 at some step of every stage',
      );
    });

    const pure =
      'compute the factor from the position alone, without fields that change, random numbers or the clock.';
    it('does not depend on the steps that it was asked for before', pure, (check) => {
      const one = create();
      const wrong = STAGES.flatMap((stage) => positions(stage).reverse()).flatMap((position) => {
        const [received, expected] = [one.factor(position), create().factor(position)];
        return received === expected ? [] : [`${received} instead of ${expected} at ${where(position)}`];
      });
      check.none(wrong, 'changes from call to call', 'the same factor whenever a step is asked for');
    });

    it('does not write to the position', 'read the position; keep numbers of your own in variables.', () => {
      for (const position of STAGES.flatMap(positions)) create().factor(Object.freeze(position));
    });
  });
}
