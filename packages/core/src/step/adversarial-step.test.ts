import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  attached,
  fixedBalancer,
  linearLoss,
  toyAdapter,
  toyBatch,
  toyContext,
  ToyDiscriminator,
  toyHyper,
  toySetup,
  toyState,
  toyStudent,
} from '../../test/toy-models.js';
import { Regularizer } from '../contracts/objective.js';
import { sgd } from '../optimizers/optimizer.js';
import { adversarialStep, type AdversarialSetup } from './adversarial-step.js';

beforeAll(() => tf.setBackend('cpu'));

class NoPenalty extends Regularizer {
  constructor(readonly name: string) {
    super();
  }

  penalty = () => tf.scalar(0);
}

const phasesOf = (rest: Partial<AdversarialSetup>): string[] =>
  adversarialStep(toySetup(rest)).phases.map(({ name }) => name);

describe('adversarialStep', () => {
  it("is D's phase, then the student's, with one for regularizers between them where they are separate", () => {
    expect(phasesOf({})).toEqual(['discriminator', 'student']);
    expect(phasesOf({ regularizerUpdate: 'separate' })).toEqual(['discriminator', 'regularizer', 'student']);
  });

  it('has the adversarial loss and the regularizers of D in one phase, or in two', () => {
    const metricsOf = (regularizerUpdate: AdversarialSetup['regularizerUpdate']): string[][] =>
      adversarialStep(toySetup({ regularizerUpdate, regularizers: [new NoPenalty('none')] })).phases.map(
        (phase) =>
          Object.keys(phase.gradients(toyState(), toyBatch(), toyHyper(), toyContext).metrics)
            .filter((name) => ['discriminator/auc', 'loss/regularizer'].includes(name))
            .sort(),
      );
    expect(metricsOf('joint')).toEqual([['discriminator/auc', 'loss/regularizer'], []]);
    expect(metricsOf('separate')).toEqual([['discriminator/auc'], ['loss/regularizer'], []]);
  });

  it('has an id that contains every choice', () => {
    class Other extends ToyDiscriminator {
      override readonly name = 'other' as 'toy';
    }
    const term = { name: 't', id: 't', teacherOutputs: [], usesLabels: false, loss: () => expect.fail() };
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
      { terms: [term] },
      { terms: [{ ...term, name: 'other' }] },
      { terms: [{ ...term, id: 'other' }] },
      { adversarialLoss: { ...linearLoss, name: 'other' } },
      { regularizers: [new NoPenalty('none')] },
      { regularizers: [new NoPenalty('other')] },
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
    expect(adversarialStep(toySetup({ terms: [] })).id).toBe(ids[0]);
  });
});
