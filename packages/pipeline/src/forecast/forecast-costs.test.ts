import { expect, it } from 'vitest';
import { costsOf, type MeasuredPlan } from './forecast-costs.js';

const stage = { epochs: 2, stepsPerEpoch: 10, rows: 0, start: 0, step: 1, cold: 1 };
const measuredFor = (time?: number): MeasuredPlan =>
  ({
    plan: {
      data: {
        train: { images: { count: 10 } },
        augmentation: { views: 1, mixesInBatch: false },
        held: null,
      },
      options: { training: { time }, cache: { memoryMb: 1 } },
      teacher: { given: { teacher: { outputs: { logits: [10] } } } },
      students: [],
    },
    models: ['teacher', 'kd', 'l2'].map((name) => ({ model: { name }, stages: [stage], test: 1, held: 0 })),
    predictions: 3,
    memory: 1,
  }) as unknown as MeasuredPlan;

it('a run for a time takes as long as its teacher at least, and its students share the rest', () => {
  const { teacher } = costsOf(measuredFor(), 2).models;
  expect(teacher).toBeGreaterThan(20);
  const before = 2 + 3 + teacher!;
  const roomy = costsOf(measuredFor(before + 60), 2);
  expect(roomy.seconds).toBe(before + 60);
  expect(roomy.models).toMatchObject({ teacher });
  expect(roomy.models['kd']).toBeCloseTo(30);
  expect(roomy.models['l2']).toBeCloseTo(30);
  const short = costsOf(measuredFor(10), 2);
  expect(short.seconds).toBe(before);
  expect(short.models).toEqual({ teacher, kd: 0, l2: 0 });
});
