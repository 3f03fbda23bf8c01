import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  arrays,
  attached,
  finiteDifferences,
  linearLoss,
  toyBatch,
  toyContext,
  ToyDiscriminator,
  toyHyper,
  toySetup,
  toyState,
} from '../../test/toy-models.js';
import type { Applied, Context, DiscriminatorOutputs, Variables } from '../contracts/network.js';
import {
  Regularizer,
  type AdversarialLoss,
  type AdversarialLossContext,
  type DataTermContext,
  type RegularizerContext,
} from '../contracts/objective.js';
import { setOrigin } from '../contracts/origin.js';
import { filled, type HostTensor, type Tree } from '../tree/tree.js';
import { adversarialStep, type AdversarialSetup } from './adversarial-step.js';
import { adversarialStudentPhase } from './adversarial-student-phase.js';
import { discriminatorPhase } from './discriminator-phase.js';
import { initRegularizerMemories } from './regularizer-memory.js';

beforeAll(() => tf.setBackend('cpu'));

/** A discriminator whose hidden features are its input. */
class Tapped extends ToyDiscriminator {
  override apply(
    variables: Variables,
    x: Tensor,
    context: Context,
    condition?: Tensor,
  ): Applied<DiscriminatorOutputs> {
    return super.apply(variables, context.activation('hidden1', x), context, condition);
  }
}

/** Counts the teacher's mean logit; its penalty is of the memory that it got. */
class Remembering extends Regularizer {
  readonly name = 'remembering';

  override memory(input: readonly number[]): Tree<HostTensor> {
    return { mean: filled([], 2), features: filled(input) };
  }

  override next({ memory, onTeacher, teacher }: RegularizerContext): Tree {
    return { mean: tf.add(memory.mean!, tf.mean(onTeacher)), features: tf.mean(teacher, 0) };
  }

  penalty({ memory, params }: RegularizerContext): Scalar {
    return tf.mul<Scalar>(memory.mean!, tf.sum(params.u!));
  }
}

const hyper = () => toyHyper({ progress: 0.25 });
const setupWith = (rest: Partial<AdversarialSetup>): AdversarialSetup =>
  toySetup({ discriminators: [attached({ discriminator: new Tapped() })], ...rest });
const inD = (rest: Partial<AdversarialSetup>, state: Tree = toyState(), context: Context = toyContext) =>
  discriminatorPhase(setupWith(rest), {
    name: 'discriminator',
    adversarialLoss: true,
    regularizers: true,
  }).gradients(state, toyBatch(), hyper(), context);
const inStudent = (rest: Partial<AdversarialSetup>) =>
  adversarialStudentPhase(setupWith(rest)).gradients(toyState(), toyBatch(), hyper(), toyContext);

/** A loss that passes its student context on. */
const seeing = (see: (context: AdversarialLossContext) => void): AdversarialLoss => ({
  ...linearLoss,
  name: 'seeing',
  student(onStudent, context) {
    see(context);
    return linearLoss.student(onStudent, context);
  },
});

describe('a regularizer', () => {
  const memories = () =>
    Object.fromEntries(
      Object.entries(
        initRegularizerMemories(setupWith({ regularizers: [new Remembering()] }), () => [2]),
      ).map(([name, { shape, data }]) => [name, tf.tensor(Float32Array.from(data), [...shape])]),
    );

  it('has a memory for each discriminator, which the phase replaces', () => {
    const regularizers = [new Remembering()];
    const state = { ...toyState(), ...memories() };
    expect(Object.keys(memories())).toEqual([
      'regularizer/discriminator/0/mean',
      'regularizer/discriminator/0/features',
    ]);
    const { stats, metrics } = inD({ regularizers }, state);
    expect(arrays(stats)).toMatchObject({
      'regularizer/discriminator/0/mean': [2 + 15],
      'regularizer/discriminator/0/features': [1, 3],
    });
    expect(arrays(metrics)['loss/regularizer']).toEqual([2 * 7]);
    expect(Object.keys(inD({ regularizers, frozen: true }, state).stats)).toEqual([]);
  });

  it('gets progress, hidden features, and noise under a name of its own', () => {
    const drawn: string[] = [];
    const context: Context = {
      ...toyContext,
      noise(name, shape, distribution) {
        drawn.push(name);
        return toyContext.noise(name, shape, distribution);
      },
    };
    class Seeing extends Regularizer {
      readonly name = 'seeing';
      penalty({ progress, noise, hiddenOnStudent, hidden, teacher }: RegularizerContext): Scalar {
        expect(arrays(hiddenOnStudent)).toEqual({ hidden1: [1, 1, 3, 5] });
        expect(arrays(hidden(teacher))).toEqual({ hidden1: [2, 1, 0, 5] });
        const random = noise('share', [2, 1], { kind: 'uniform', low: 0, high: 1 }); // 0 and 1 here
        return tf.add<Scalar>(progress, tf.sum(random));
      }
    }
    const { metrics } = inD({ regularizers: [new Seeing()] }, toyState(), context);
    expect(arrays(metrics)['loss/regularizer']).toEqual([1.25]);
    expect(drawn).toEqual(['regularizer/discriminator/0/share']);
  });
});

describe('an adversarial loss', () => {
  it("sees the teacher's side in the student's phase, without dropout", () => {
    const rest: Partial<AdversarialSetup> = { dropout: { rate: 0.5, position: 'adversarial-sample' } };
    let found: readonly unknown[] = [];
    const adversarialLoss = seeing(({ onTeacher, hiddenOnTeacher, hiddenOnStudent }) => {
      found = [[...onTeacher.dataSync()], arrays(hiddenOnTeacher), arrays(hiddenOnStudent)];
    });
    inStudent({ ...rest, adversarialLoss });
    expect(found).toEqual([[10, 20], { hidden1: [2, 1, 0, 5] }, { hidden1: [0, 2, 0, 10] }]);
  });

  it("applies D to the teacher's features only where they are read", () => {
    const discriminator = new Tapped();
    const of = (adversarialLoss: AdversarialLoss) => {
      discriminator.inputs.length = 0;
      inStudent({ discriminators: [attached({ discriminator })], adversarialLoss });
      return discriminator.inputs.filter((input) => input.join() === '2,1,0,5').length;
    };
    expect(of(linearLoss)).toBe(0);
    expect(of(seeing(({ onTeacher, hiddenOnTeacher }) => [onTeacher, hiddenOnTeacher]))).toBe(2); // loss, diagnostics
  });

  it('has gradients that match finite differences with both sides', () => {
    const adversarialLoss: AdversarialLoss = {
      ...linearLoss,
      name: 'both sides',
      student: (onStudent, { onTeacher, hiddenOnTeacher, hiddenOnStudent }) =>
        tf.add<Scalar>(
          tf.mean(tf.softplus(tf.sub(onTeacher, onStudent))),
          tf.mean(tf.squaredDifference(hiddenOnTeacher.hidden1!, hiddenOnStudent.hidden1!)),
        ),
    };
    const phase = adversarialStudentPhase(setupWith({ adversarialLoss }));
    const given = { state: toyState(), batch: toyBatch(), hyper: hyper() };
    const { grads } = phase.gradients(given.state, given.batch, given.hyper, toyContext);
    const expected = finiteDifferences(phase, 'student/params/w', given);
    arrays(grads)['student/params/w']!.forEach((value, i) => {
      expect(value / expected[i]!).toBeCloseTo(1, 2);
    });
  });

  it('is refused hidden features of a discriminator that has none', () => {
    const adversarialLoss = seeing(({ hiddenOnStudent }) => hiddenOnStudent);
    const run = () => inStudent({ discriminators: [attached()], adversarialLoss });
    expect(run).toThrow(expect.objectContaining({ code: 'ANC_DISCRIMINATOR_HIDDEN' }) as Error);
  });
});

describe('a data term', () => {
  it('gets the outputs of both networks and the progress', () => {
    let seen: DataTermContext | null = null;
    const dataTerm = {
      name: 'seeing',
      loss(student: Tensor, _teacher: Tensor, context: DataTermContext): Scalar {
        seen = context;
        expect(arrays({ own: context.student.features, wanted: context.teacher.features! })).toEqual({
          own: [1, 1, 3, 5],
          wanted: [2, 1, 0, 5],
        });
        return tf.add<Scalar>(context.progress, tf.mul(0, tf.mean(student)));
      },
    };
    expect(arrays(inStudent({ dataTerm }).metrics)['loss/data']).toEqual([0.25]);
    expect(seen).not.toBeNull();
  });

  it('that uses progress is refused by a stage that has none', () => {
    const dataTerm = {
      name: 'late',
      loss: (_s: Tensor, _t: Tensor, { progress }: DataTermContext) => progress,
    };
    const phase = adversarialStudentPhase(setupWith({ dataTerm }));
    expect(() => phase.gradients(toyState(), toyBatch(), toyHyper(), toyContext)).toThrow(
      'the hyperparameter "progress" is missing.',
    );
  });
});

describe('errors', () => {
  it('name the component, with its plugin where it is known', () => {
    const dataTerm = { name: 'mine', loss: (student: Tensor) => student as Scalar };
    expect(() => inStudent({ dataTerm })).toThrow('data term "mine": loss does not return a scalar.');
    setOrigin(dataTerm, 'data term "mine" of plugin "anc-plugin-mine"');
    expect(() => inStudent({ dataTerm })).toThrow(/^data term "mine" of plugin "anc-plugin-mine": loss/);
    expect(adversarialStep(setupWith({ dataTerm })).sources).toMatchObject({
      'loss/data': 'data term "mine" of plugin "anc-plugin-mine"',
      'loss/adversarial': 'adversarial loss "linear"',
    });
  });

  it('name a discriminator that returns no logits for each sample', () => {
    class Wrong extends ToyDiscriminator {
      override apply(variables: Variables, x: Tensor, context: Context): Applied<DiscriminatorOutputs> {
        const { outputs, stats } = super.apply(variables, x, context);
        return { outputs: { logits: tf.mean(outputs.logits) }, stats };
      }
    }
    expect(() => inD({ discriminators: [attached({ discriminator: new Wrong() })] })).toThrow(
      expect.objectContaining({
        code: 'ANC_OBJECTIVE',
        message: 'discriminator "toy" returned logits of shape [].',
      }) as Error,
    );
  });
});
