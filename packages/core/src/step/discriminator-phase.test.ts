import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
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
import { Regularizer, type RegularizerContext } from '../contracts/objective.js';
import type { PhaseGradients } from '../contracts/step.js';
import type { Tree } from '../tree/tree.js';
import type { AdversarialSetup } from './adversarial-step.js';
import { adversarialStudentPhase } from './adversarial-student-phase.js';
import { discriminatorPhase, type DiscriminatorPhaseOptions } from './discriminator-phase.js';

beforeAll(() => tf.setBackend('cpu'));

const joint: DiscriminatorPhaseOptions = { name: 'discriminator', adversarialLoss: true, regularizers: true };
const phaseOf = (rest: Partial<AdversarialSetup> = {}, options = joint) =>
  discriminatorPhase(toySetup(rest), options);
const gradientsOf = (
  rest: Partial<AdversarialSetup> = {},
  state: Tree = toyState(),
  options = joint,
): PhaseGradients => phaseOf(rest, options).gradients(state, toyBatch(), toyHyper(), toyContext);

/** Half the squared norm of D's weights; records what it sees. */
class Penalty extends Regularizer {
  readonly name = 'penalty';

  constructor(readonly of: (context: RegularizerContext) => Tensor = ({ params }) => params.u!) {
    super();
  }

  penalty(context: RegularizerContext): Scalar {
    return tf.mul(tf.sum<Scalar>(tf.square(this.of(context))), 0.5);
  }
}

// D = 3a + 4b gives the teacher's features [2, 1] and [0, 5] the logits 10 and 20, the student's [1, 1] and [3, 5] 7 and 29.
describe("the discriminator's phase", () => {
  it('minimizes the loss of its logits on teacher and student features', () => {
    const { grads, metrics } = gradientsOf();
    expect(arrays(metrics)['loss/discriminator']).toEqual([18 - 15]);
    expect(arrays(grads)).toEqual({ 'discriminator/params/u': [2 - 1, 3 - 3] }); // means of the features
  });

  it('reports the mean probabilities, the AUC and the penalty', () => {
    const metrics = arrays(gradientsOf().metrics);
    expect(metrics['discriminator/teacher']![0]).toBeCloseTo((sigmoid(10) + sigmoid(20)) / 2, 6);
    expect(metrics['discriminator/student']![0]).toBeCloseTo((sigmoid(7) + sigmoid(29)) / 2, 6);
    expect(metrics).toMatchObject({ 'discriminator/auc': [0.5], 'loss/regularizer': [0] });
    expect(Object.keys(metrics).filter((name) => name.startsWith('discriminator/auc/'))).toEqual([]);
  });

  it('keeps the statistics of D, after teacher and student, and not those of the student', () => {
    expect(arrays(gradientsOf().stats)).toEqual({ 'discriminator/stats/runs': [2] });
  });

  it("updates D at D's learning rate", () => {
    const phase = phaseOf();
    const { grads } = gradientsOf();
    expect(arrays(phase.update(toyState(), grads, toyHyper()))).toEqual({
      'discriminator/params/u': [2.75, 4],
    });
  });

  it('leaves a frozen D as it is, and still measures it', () => {
    const { stats, grads, metrics } = gradientsOf({ frozen: true });
    expect(stats).toEqual({});
    expect(arrays(metrics)['loss/discriminator']).toEqual([3]);
    expect(phaseOf({ frozen: true }).update(toyState(), grads, toyHyper())).toEqual({});
  });

  it('has gradients that match finite differences, with a loss that is not linear', () => {
    const setup = toySetup({
      adversarialLoss: logLoss,
      regularizers: [new Penalty(), new Penalty(({ discriminate, student }) => discriminate(student))],
    });
    const phase = discriminatorPhase(setup, joint);
    const given = { state: toyState(), batch: toyBatch(), hyper: toyHyper() };
    const { grads } = phase.gradients(given.state, given.batch, given.hyper, toyContext);
    const expected = finiteDifferences(phase, 'discriminator/params/u', given);
    arrays(grads)['discriminator/params/u']!.forEach((value, i) => {
      expect(value / expected[i]!).toBeCloseTo(1, 3);
    });
  });
});

describe('regularizers', () => {
  const regularizers = [new Penalty()];

  it('are added to the loss of D in a joint update', () => {
    const { grads, metrics } = gradientsOf({ regularizers });
    expect(arrays(metrics)).toMatchObject({ 'loss/discriminator': [3 + 12.5], 'loss/regularizer': [12.5] });
    expect(arrays(grads)).toEqual({ 'discriminator/params/u': [1 + 3, 0 + 4] });
  });

  it('are left out of a phase without them, and alone in a phase of their own', () => {
    const options = { name: 'discriminator', adversarialLoss: true, regularizers: false };
    const without = arrays(gradientsOf({ regularizers }, toyState(), options).metrics);
    expect(without).toMatchObject({ 'loss/discriminator': [3] });
    expect(without).not.toHaveProperty('loss/regularizer');
    const alone = gradientsOf({ regularizers }, toyState(), {
      name: 'regularizer',
      adversarialLoss: false,
      regularizers: true,
    });
    expect(arrays(alone.metrics)).toEqual({ 'loss/regularizer': [12.5] });
    expect(arrays(alone.grads)).toEqual({ 'discriminator/params/u': [3, 4] });
  });

  it('see features and logits of both, and apply D to others', () => {
    const seen: Record<string, number[]> = {};
    const looking = new Penalty((context) => {
      const { onTeacher, onStudent, teacher, student, discriminate, params } = context;
      const other = discriminate(tf.tensor2d([1, 1], [1, 2]));
      Object.assign(seen, arrays({ onTeacher, onStudent, teacher, student, other }));
      return params.u!;
    });
    gradientsOf({ regularizers: [looking] });
    expect(seen).toEqual({
      onTeacher: [10, 20],
      onStudent: [7, 29],
      teacher: [2, 1, 0, 5],
      student: [1, 1, 3, 5],
      other: [7],
    });
  });

  it.each([
    ['adversarial-sample', 'features', [0, 2, 0, 10]],
    ['adversarial-sample', 'logits', [0, 4, 0, 20]],
    ['inside-student', 'features', [0, 2, 0, 10]],
    ['inside-student', 'logits', [2, 4, 10, 20]], // of the dropped features, not dropped again
  ] as const)(
    "get the dropped sample that the student's phase passes to D: %s, %s",
    (position, input, expected) => {
      let dropped: number[] = [];
      const discriminator = new ToyDiscriminator();
      const setup = toySetup({
        discriminators: [attached({ discriminator, input })],
        dropout: { rate: 0.5, position },
        regularizers: [
          new Penalty((context) => {
            dropped = [...context.dropped.dataSync()];
            return context.params.u!;
          }),
        ],
      });
      const state = { ...toyState(), 'student/params/v': tf.tensor2d([1, 0, 1, 2], [2, 2]) }; // logits [2, 2], [8, 10]
      discriminatorPhase(setup, joint).gradients(state, toyBatch(), toyHyper(), toyContext);
      expect(dropped).toEqual(expected);
      discriminator.inputs.length = 0;
      adversarialStudentPhase(setup).gradients(state, toyBatch(), toyHyper(), toyContext);
      expect(discriminator.inputs[0]).toEqual(expected);
    },
  );

  it('that do not read the dropped sample draw no noise', () => {
    const silent = { ...toyContext, noise: () => expect.fail('noise was drawn') };
    const setup = toySetup({ dropout: { rate: 0.5, position: 'adversarial-sample' }, regularizers });
    discriminatorPhase(setup, joint).gradients(toyState(), toyBatch(), toyHyper(), silent);
  });
});

describe('several discriminators', () => {
  it('are trained at once, each on its input, with the AUC of each', () => {
    const state = {
      ...toyState(),
      'second/params/u': tf.tensor2d([1, 1], [2, 1]),
      'second/stats/runs': tf.scalar(4),
    };
    const discriminators = [attached(), attached({ name: 'second', input: 'logits', weight: 0.5 })];
    const { grads, stats, metrics } = gradientsOf({ discriminators }, state);
    // On the logits: the student's [1, 2] and [3, 10] have the mean [2, 6], the teacher's [0.5, 0.5].
    expect(arrays(grads)).toEqual({ 'discriminator/params/u': [1, 0], 'second/params/u': [1.5, 5.5] });
    expect(arrays(stats)).toEqual({ 'discriminator/stats/runs': [2], 'second/stats/runs': [6] });
    expect(arrays(metrics)).toMatchObject({
      'loss/discriminator': [3 + 7],
      'discriminator/auc': [0.25],
      'discriminator/auc/discriminator': [0.5],
      'discriminator/auc/second': [0],
    });
  });
});

describe('an adapter', () => {
  it("projects the student's features with constant weights", () => {
    const state = {
      ...toyState(),
      'discriminator-adapter/params/weights': tf.tensor2d([0, 1, 2, 0], [2, 2]),
    };
    const { grads } = gradientsOf({ discriminators: [attached({ adapter: toyAdapter })] }, state);
    expect(arrays(grads)).toEqual({ 'discriminator/params/u': [6 - 1, 2 - 3] }); // [2, 1] and [10, 3]
  });
});

describe('a conditional discriminator', () => {
  it('gets the condition, and its class logits are trained on both samples', () => {
    const discriminator = new ToyDiscriminator(true);
    const state = { ...toyState(), 'discriminator/params/c': tf.tensor2d([1, 0, 0, 1], [2, 2]) };
    const { metrics } = gradientsOf(
      { discriminators: [attached({ discriminator })], condition: 'labels' },
      state,
    );
    expect(discriminator.conditions).toEqual([
      [0, 1, 1, 0],
      [0, 1, 1, 0],
    ]);
    const softplus = (z: number): number => Math.log1p(Math.exp(z));
    const onTeacher = (softplus(1) + softplus(5)) / 2; // class logits [2, 1] and [0, 5], labels 1 and 0
    const onStudent = (softplus(0) + softplus(2)) / 2; // [1, 1] and [3, 5]
    expect(arrays(metrics)['loss/discriminator']![0]).toBeCloseTo(3 + onTeacher + onStudent, 5);
  });

  it('is the only kind that gets a condition', () => {
    const discriminator = new ToyDiscriminator(false);
    gradientsOf({ discriminators: [attached({ discriminator })] });
    expect(discriminator.conditions).toEqual([null, null]);
  });
});

describe('class logits', () => {
  it.each([
    ['without a condition', false, true],
    ['that D does not have', true, false],
  ])('%s are left out', (_, conditional, classes) => {
    const c = { 'discriminator/params/c': tf.tensor2d([1, 0, 0, 1], [2, 2]) };
    const discriminators = [attached({ discriminator: new ToyDiscriminator(conditional) })];
    const { metrics } = gradientsOf({ discriminators }, { ...toyState(), ...(classes && c) });
    expect(arrays(metrics)['loss/discriminator']).toEqual([3]);
  });
});
