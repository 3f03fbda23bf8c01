import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  arrays,
  attached,
  finiteDifferences,
  logLoss,
  sigmoid,
  toyAdapter,
  toyBatch,
  toyContext,
  ToyDiscriminator,
  toyHyper,
  toySetup,
  toyState,
} from '../../test/toy-models.js';
import type { Balancer } from '../contracts/objective.js';
import type { PhaseGradients } from '../contracts/step.js';
import { squaredDistance } from '../losses/losses.js';
import type { Tree } from '../tree/tree.js';
import type { AdversarialSetup } from './adversarial-step.js';
import { adversarialAuxiliaryLayers, adversarialStudentPhase } from './adversarial-student-phase.js';
import type { Term } from './terms.js';

beforeAll(() => tf.setBackend('cpu'));

const gradientsOf = (
  rest: Partial<AdversarialSetup> = {},
  state: Tree = toyState(),
  hyper: Tree<Scalar> = toyHyper(),
): PhaseGradients => adversarialStudentPhase(toySetup(rest)).gradients(state, toyBatch(), hyper, toyContext);
const metricsOf = (...given: Parameters<typeof gradientsOf>) => arrays(gradientsOf(...given).metrics);
const norm = (...x: readonly number[]): number => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));

/** Weights 2 for the memory 4; remembers the ratio of the norms. */
const ratioBalancer: Balancer = {
  name: 'ratio',
  memory: { ratio: 4 },
  weight: ({ ratio }) => tf.mul<Scalar>(ratio!, 0.5),
  next: (_memory, { data, adversarial }) => ({ ratio: tf.div(data, adversarial) }),
};

// Features [1, 1] and [3, 5], of which D = 3a + 4b makes 7 and 29: the adversarial loss is -18. The mean of the logits is 4.
describe("the adversarial student's phase", () => {
  it('minimizes λ · data + weight · adversarial loss', () => {
    const metrics = metricsOf();
    expect(metrics).toMatchObject({
      'loss/student': [2 * 4 + 3 * -18],
      'loss/data': [4],
      'loss/adversarial': [-18],
      agreement: [0.5],
    });
    expect(metrics['discriminator/dropped']![0]).toBeCloseTo((sigmoid(7) + sigmoid(29)) / 2, 6);
  });

  it("gives gradients of the student alone; D's are constants", () => {
    // At each sample's features 2 · [0.25, 0.5] of the data term and 3 · -[3, 4] / 2 of the adversarial loss.
    expect(arrays(gradientsOf().grads)).toEqual({
      'student/params/w': [4 * -4, 4 * -5, 2 * -4, 2 * -5],
      'student/params/v': [2, 2, 3, 3],
    });
  });

  it('keeps the statistics of the student and not those of D', () => {
    expect(arrays(gradientsOf().stats)).toEqual({ 'student/stats/runs': [1] });
  });

  it('compares the gradients at the features, per sample, and measures both features', () => {
    const metrics = metricsOf();
    expect(metrics['gradient/data']![0]).toBeCloseTo(2 * norm(0.5, 1), 5);
    expect(metrics['gradient/adversarial']![0]).toBeCloseTo(3 * 5, 5); // weight · |[3, 4]|
    expect(metrics['gradient/cosine']![0]).toBeCloseTo((0.5 * -3 + 1 * -4) / (norm(0.5, 1) * 5), 5);
    expect(metrics['features/student']![0]).toBeCloseTo((norm(1, 1) + norm(3, 5)) / 2, 5);
    expect(metrics['features/teacher']![0]).toBeCloseTo((norm(2, 1) + 5) / 2, 5);
  });

  it('has gradients that match finite differences, whatever is combined', () => {
    const setup = toySetup({
      discriminators: [
        attached({ discriminator: new ToyDiscriminator(true), adapter: toyAdapter }),
        attached({ name: 'second', input: 'logits', weight: 0.5 }),
      ],
      dataTerm: { name: 'l2', loss: (student, teacher) => squaredDistance(student, teacher) },
      adversarialLoss: logLoss,
      dropout: { rate: 0.5, position: 'inside-student' },
      condition: 'labels',
    });
    const small = (values: readonly number[], shape: [number, number]) => tf.tensor2d([...values], shape);
    const state = {
      ...toyState(),
      'student/params/w': small([0.5, -0.25, 0.125, 0.5], [2, 2]),
      'discriminator/params/u': small([0.5, -0.25], [2, 1]),
      'discriminator/params/c': small([0.25, -0.5, 0.125, 0.5], [2, 2]),
      'discriminator-adapter/params/weights': small([0.5, 0.25, -0.5, 1], [2, 2]),
      'second/params/u': small([-0.5, 0.25], [2, 1]),
      'second/stats/runs': tf.scalar(0),
    };
    const given = { state, batch: toyBatch(), hyper: toyHyper() };
    const phase = adversarialStudentPhase(setup);
    const grads = arrays(phase.gradients(given.state, given.batch, given.hyper, toyContext).grads);
    const names = ['student/params/w', 'student/params/v', 'discriminator-adapter/params/weights'];
    expect(Object.keys(grads).sort()).toEqual([...names].sort());
    for (const name of names) {
      const expected = finiteDifferences(phase, name, given);
      grads[name]!.forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-3 * Math.max(1, Math.abs(expected[i]!)));
      });
    }
  });
});

describe('dropout', () => {
  it('on the adversarial sample changes what D sees, and leaves the data term', () => {
    const discriminator = new ToyDiscriminator();
    const metrics = metricsOf({
      discriminators: [attached({ discriminator })],
      dropout: { rate: 0.5, position: 'adversarial-sample' },
    });
    expect(discriminator.inputs[0]).toEqual([0, 2, 0, 10]);
    expect(metrics).toMatchObject({ 'loss/adversarial': [-(8 + 40) / 2], 'loss/data': [4] });
  });

  it('inside the student changes both', () => {
    const metrics = metricsOf({ dropout: { rate: 0.5, position: 'inside-student' } });
    expect(metrics).toMatchObject({ 'loss/adversarial': [-(8 + 40) / 2], 'loss/data': [(4 + 20) / 4] });
  });
});

describe('a balancer', () => {
  const state = () => ({ ...toyState(), 'balancer/ratio': tf.scalar(4) });

  it('multiplies the adversarial weight by its own, from its memory', () => {
    const metrics = metricsOf({ balancer: ratioBalancer }, state());
    expect(metrics['loss/student']).toEqual([2 * 4 + 3 * 2 * -18]);
    expect(metrics['gradient/adversarial']![0]).toBeCloseTo(3 * 2 * 5, 5);
  });

  it('remembers from the norms of both gradients, λ applied, the weight not', () => {
    const setup = toySetup({ balancer: ratioBalancer });
    const phase = adversarialStudentPhase(setup);
    const { grads, means } = phase.gradients(state(), toyBatch(), toyHyper(), toyContext);
    expect(arrays(means!).data![0]).toBeCloseTo(norm(0.5, 1), 5);
    expect(arrays(means!).adversarial![0]).toBeCloseTo(2.5, 5);
    const updated = phase.update(state(), grads, toyHyper(), means);
    expect(arrays(updated)['balancer/ratio']![0]).toBeCloseTo(norm(0.5, 1) / 2.5, 5);
  });
});

describe('several discriminators', () => {
  const discriminators = [attached(), attached({ name: 'second', input: 'logits', weight: 0.5 })];
  const state = () => ({
    ...toyState(),
    'second/params/u': tf.tensor2d([1, 1], [2, 1]),
    'second/stats/runs': tf.scalar(0),
  });

  it('are weighted in the loss', () => {
    expect(metricsOf({ discriminators }, state())['loss/adversarial']).toEqual([-18 - 0.5 * 8]); // logits 3 and 13
  });

  it('are compared with the rest of the loss at their own inputs', () => {
    const metrics = metricsOf({ discriminators }, state());
    // At the logits: 2 · 1/4 each of the data term, 3 · 0.5 · -[1, 1] / 2 of the second discriminator. At the features
    // the second one is part of the rest: 3 · 0.5 · -[1, 2] / 2.
    const data = [2 * norm(0.5 - 0.75, 1 - 1.5), 2 * norm(0.5, 0.5)];
    expect(metrics['gradient/data']![0]).toBeCloseTo((data[0]! + data[1]!) / 2, 5);
    expect(metrics['gradient/adversarial']![0]).toBeCloseTo((3 * 5 + 3 * 0.5 * norm(1, 1)) / 2, 5);
  });
});

describe('what is trained beside the student', () => {
  const extra: Term = {
    name: 'extra',
    id: 'extra',
    teacherOutputs: [],
    usesLabels: false,
    auxiliaryLayers: { projector: toyAdapter },
    loss: ({ outputs }) => tf.mean(outputs.features), // 2.5
  };

  it('are adapters, with the gradient of the adversarial loss', () => {
    const state = {
      ...toyState(),
      'discriminator-adapter/params/weights': tf.tensor2d([0, 1, 2, 0], [2, 2]),
    };
    const { grads, metrics } = gradientsOf({ discriminators: [attached({ adapter: toyAdapter })] }, state);
    expect(arrays(metrics)['loss/adversarial']).toEqual([-(10 + 42) / 2]); // D of [2, 1] and [10, 3]
    // 3 · -Σ features ⊗ u / 2, Σ features = [4, 6].
    expect(arrays(grads)['discriminator-adapter/params/weights']).toEqual([-18, -24, -27, -36]);
  });

  it('are the auxiliary layers of further terms, whose losses are added with their weights', () => {
    const setup = toySetup({ terms: [extra], discriminators: [attached({ adapter: toyAdapter })] });
    expect(Object.keys(adversarialAuxiliaryLayers(setup))).toEqual(['discriminator-adapter', 'projector']);
    const state = { ...toyState(), 'projector/params/weights': tf.ones([2, 2]) };
    const metrics = metricsOf({ terms: [extra] }, state, toyHyper({ 'weight/extra': 10 }));
    expect(metrics).toMatchObject({ 'loss/student': [2 * 4 + 3 * -18 + 10 * 2.5], 'loss/extra': [2.5] });
  });
});

describe('a conditional discriminator', () => {
  it("is given the condition, and its class cross-entropy is part of the student's loss", () => {
    const discriminator = new ToyDiscriminator(true);
    const state = { ...toyState(), 'discriminator/params/c': tf.tensor2d([1, 0, 0, 1], [2, 2]) };
    const metrics = metricsOf({ discriminators: [attached({ discriminator })], condition: 'labels' }, state);
    expect(discriminator.conditions.every((condition) => condition?.join() === '0,1,1,0')).toBe(true);
    const crossEntropy = (Math.log(2) + Math.log1p(Math.exp(2))) / 2; // class logits [1, 1] and [3, 5], labels 1 and 0
    expect(metrics['loss/adversarial']![0]).toBeCloseTo(-18 + crossEntropy, 5);
  });
});

describe('class logits', () => {
  const loss = (conditional: boolean, classes: boolean) => {
    const c = { 'discriminator/params/c': tf.tensor2d([1, 0, 0, 1], [2, 2]) };
    const discriminators = [attached({ discriminator: new ToyDiscriminator(conditional) })];
    return metricsOf({ discriminators }, { ...toyState(), ...(classes && c) })['loss/adversarial']!;
  };

  it('count only where D has them and there is a condition', () => {
    expect(loss(false, false)).toEqual([-18]);
    expect(loss(true, false)).toEqual([-18]);
    expect(loss(false, true)).toEqual([-18]);
    expect(loss(true, true)).not.toEqual([-18]);
  });

  it('of one discriminator among others get its condition', () => {
    const one = new ToyDiscriminator(true);
    const discriminators = [attached(), attached({ name: 'second', discriminator: one })];
    const second = { 'second/params/u': tf.tensor2d([1, 1], [2, 1]), 'second/stats/runs': tf.scalar(0) };
    gradientsOf({ discriminators, condition: 'labels' }, { ...toyState(), ...second });
    expect(one.conditions[0]).toEqual([0, 1, 1, 0]);
  });
});

describe("a balancer's memory", () => {
  it('is what it was given in the step before', () => {
    const counting: Balancer = { ...ratioBalancer, next: ({ ratio }) => ({ ratio: tf.add(ratio!, 1) }) };
    const state = { ...toyState(), 'balancer/ratio': tf.scalar(4) };
    const phase = adversarialStudentPhase(toySetup({ balancer: counting }));
    const { grads, means } = phase.gradients(state, toyBatch(), toyHyper(), toyContext);
    expect(arrays(phase.update(state, grads, toyHyper(), means))['balancer/ratio']).toEqual([5]);
  });
});
