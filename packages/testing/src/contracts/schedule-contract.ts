import type { LearningRateSchedule, SchedulePosition } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';

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
export function scheduleContract(
  { describe, it, expect }: ContractRunner,
  create: () => LearningRateSchedule,
): void {
  describe('schedule contract', () => {
    it('has a name', () => {
      expect(create().name.length).toBeGreaterThan(0);
    });

    it('gives a finite factor of 0 or more at every step', () => {
      const wrong = STAGES.flatMap(positions).flatMap((position) => {
        const factor = create().factor(position);
        return Number.isFinite(factor) && factor >= 0 ? [] : [`${factor} at ${where(position)}`];
      });
      expect(wrong).toEqual([]);
    });

    it('lets something be learned', () => {
      const still = STAGES.filter((stage) => positions(stage).every((at) => create().factor(at) === 0));
      expect(still).toEqual([]);
    });

    it('does not depend on the steps that it was asked for before', () => {
      const one = create();
      const wrong = STAGES.flatMap((stage) => positions(stage).reverse()).flatMap((position) => {
        const [received, expected] = [one.factor(position), create().factor(position)];
        return received === expected ? [] : [`${received} instead of ${expected} at ${where(position)}`];
      });
      expect(wrong).toEqual([]);
    });
  });
}
