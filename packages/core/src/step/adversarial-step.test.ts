import { describe, expect, it } from 'vitest';
import {
  attached,
  fixedBalancer,
  linearLoss,
  toyAdapter,
  ToyDiscriminator,
  toySetup,
  toyStudent,
} from '../../test/toy-models.js';
import { Regularizer } from '../contracts/objective.js';
import { sgd } from '../optimizers/optimizer.js';
import { adversarialStep, type AdversarialSetup } from './adversarial-step.js';

const phasesOf = (rest: Partial<AdversarialSetup>): string[] =>
  adversarialStep(toySetup(rest)).phases.map(({ name }) => name);

describe('adversarialStep', () => {
  it("is D's phase, then the student's, with one for regularizers between them where they are separate", () => {
    expect(phasesOf({})).toEqual(['discriminator', 'student']);
    expect(phasesOf({ regularizerUpdate: 'separate' })).toEqual(['discriminator', 'regularizer', 'student']);
  });

  it('has an id that contains every choice', () => {
    class Other extends ToyDiscriminator {
      override readonly name = 'other' as 'toy';
    }
    class NoPenalty extends Regularizer {
      readonly name = 'none';
      penalty = () => expect.fail();
    }
    const optimizers = toySetup().optimizers;
    const changes: Partial<AdversarialSetup>[] = [
      {},
      { student: { ...toyStudent, name: 'other' } },
      { discriminators: [attached({ name: 'second' })] },
      { discriminators: [attached({ discriminator: new Other() })] },
      { discriminators: [attached({ input: 'logits' })] },
      { discriminators: [attached({ weight: 2 })] },
      { discriminators: [attached({ adapter: toyAdapter })] },
      { discriminators: [attached(), attached()] },
      { dataTerm: { name: 'other', loss: toySetup().dataTerm.loss } },
      { terms: [{ name: 't', id: 't', teacherOutputs: [], usesLabels: false, loss: () => expect.fail() }] },
      { adversarialLoss: { ...linearLoss, name: 'other' } },
      { regularizers: [new NoPenalty()] },
      { regularizerUpdate: 'separate' },
      { balancer: { ...fixedBalancer, name: 'other' } },
      { dropout: { rate: 0.5, position: 'adversarial-sample' } },
      { dropout: { rate: 0, position: 'inside-student' } },
      { condition: 'labels' },
      { frozen: true },
      { optimizers: { ...optimizers, student: sgd({ momentum: 0.9 }) } },
      { optimizers: { ...optimizers, discriminator: sgd({ momentum: 0.9 }) } },
    ];
    const ids = changes.map((change) => adversarialStep(toySetup(change)).id);
    expect(new Set(ids).size).toBe(changes.length);
    expect(adversarialStep(toySetup({ frozen: false })).id).toBe(ids[0]);
  });
});
