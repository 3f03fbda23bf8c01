import { describe, expect, it } from 'vitest';
import { adversarialSchema } from '../src/index.js';
import { method } from './parts.js';
import { players } from './toy.js';

const clock = { epoch: 0, epochs: 1, step: 0, stepsPerEpoch: 1 };
const recipe = { optimizer: 'adam', learningRate: 0.01, schedule: { kind: 'constant' } };

describe("the discriminator's recipe", () => {
  it("keeps the student's choices where it says nothing", () => {
    const options = adversarialSchema.parse({ recipe, discriminatorRecipe: { learningRate: 0.0005 } });
    expect(options.discriminatorRecipe).toEqual({ learningRate: 0.0005 });
    const stages = (discriminatorRecipe?: unknown) =>
      method('adversarial', { recipe, discriminatorRecipe }).stages(players())[0]!;
    const [same, slower] = [stages(), stages({ learningRate: 0.0005 })];
    expect(slower.step.id).toBe(same.step.id); // Adam for both players
    expect(same.next(clock).hyper['discriminator/learningRate']).toBe(0.01);
    expect(slower.next(clock).hyper).toMatchObject({
      'student/learningRate': 0.01,
      'discriminator/learningRate': 0.0005,
    });
  });

  it('changes the optimiser and keeps the rate', () => {
    const stage = method('adversarial', { recipe, discriminatorRecipe: { optimizer: 'sgd' } }).stages(
      players(),
    )[0]!;
    expect(stage.next(clock).hyper['discriminator/learningRate']).toBe(0.01);
    expect(stage.step.id).toContain('sgd(');
  });
});
