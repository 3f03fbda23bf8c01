import { Rng } from '@anc/core';
import { toyEnvironment } from '@anc/testing/toy';
import { describe, expect, it } from 'vitest';
import { adversarialSchema } from '../src/index.js';
import { method } from './parts.js';

const progress = { epoch: 0, epochs: 1, step: 0, stepsPerEpoch: 1 };
const optimizer = { optimizer: 'adam', learningRate: 0.01, schedule: { kind: 'constant' } } as const;

describe("the discriminator's optimizer", () => {
  it("defaults to the student's, option by option", () => {
    const options = adversarialSchema.parse({ optimizer, discriminatorOptimizer: { learningRate: 0.0005 } });
    expect(options.discriminatorOptimizer).toEqual({ learningRate: 0.0005 });
    const stages = (discriminatorOptimizer?: unknown) =>
      method('adversarial', { optimizer, discriminatorOptimizer }).stages(toyEnvironment())[0]!;
    const [same, slower] = [stages(), stages({ learningRate: 0.0005 })];
    expect(slower.step.id).toBe(same.step.id); // Adam for both models
    expect(same.next(progress).hyper['discriminator/learningRate']).toBe(0.01);
    expect(slower.next(progress).hyper).toMatchObject({
      'student/learningRate': 0.01,
      'discriminator/learningRate': 0.0005,
    });
  });

  it('can be of another kind with the same learning rate', () => {
    const options = { optimizer, discriminatorOptimizer: { optimizer: 'sgd' } };
    const stage = method('adversarial', options).stages(toyEnvironment())[0]!;
    expect(stage.next(progress).hyper['discriminator/learningRate']).toBe(0.01);
    const slots = Object.keys(stage.init(Rng.fromSeed(1), null)).filter((name) => name.includes('/slots/'));
    expect(slots.some((name) => name.startsWith('student/slots/mean/'))).toBe(true); // Adam
    expect(slots.filter((name) => name.startsWith('discriminator/'))).toEqual([]); // plain SGD
  });
});
