import { expect, it } from 'vitest';
import type { TrainingPlan } from '../planning/plan.js';
import { spaceFor } from './space.js';

const model = (parameters: number) => ({ network: { parameters }, epochs: 0 });
const plan = (held: object | null, teacher: object, ...students: number[]) =>
  ({ data: { held }, teacher, students: students.map(model) }) as unknown as TrainingPlan;

it('spaceFor counts all weights, and three checkpoints of the largest model', () => {
  const documents = spaceFor(plan(null, { given: {} }));
  const beside = (wanted: TrainingPlan): number => spaceFor(wanted) - documents;
  expect(beside(plan(null, { given: {} }, 1000))).toBe(4000 + 3 * 3 * 4000);
  expect(beside(plan(null, model(5000), 1000, 1000))).toBe(4 * 7000 + 3 * 3 * 4 * 5000);
  expect(beside(plan({}, model(5000), 1000))).toBe(2 * 4 * 6000 + 3 * 3 * 4 * 5000);
});
