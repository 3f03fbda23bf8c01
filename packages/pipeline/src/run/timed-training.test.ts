import { expect, it } from 'vitest';
import type { PlannedModel } from '../planning/plan.js';
import type { RunContext } from './execution.js';
import { timedTraining } from './timed-training.js';

it('the time that a run is resumed with is that of a student whose training had begun', async () => {
  const [first, second] = [{ name: 'kd' }, { name: 'l2' }] as PlannedModel[];
  const context = {
    plan: { options: { training: { time: 210 } }, students: [first, second] },
    clock: { now: () => 50 },
  } as unknown as RunContext;
  const untilOf = async (model: PlannedModel, until: number): Promise<number> => {
    const timed = timedTraining(context, model, {}, () => Promise.resolve(0))!;
    return (await timed.open({ from: 10, until, revisions: [] })).until;
  };
  expect(await untilOf(first!, 60)).toBe(110); // was started with a time of 110
  expect(await untilOf(second!, 210)).toBe(210);
});
