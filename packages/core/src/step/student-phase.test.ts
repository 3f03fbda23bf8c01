import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  arrays,
  toyAdapter,
  toyBatch,
  toyContext,
  toyHyper,
  toyState,
  toyStudent,
} from '../../test/toy-models.js';
import type { Context } from '../contracts/network.js';
import { sgd } from '../optimizers/optimizer.js';
import type { Tree } from '../tree/tree.js';
import {
  applyAuxiliary,
  applyOptimizer,
  studentPhase,
  trainableParams,
  type StudentPhaseOptions,
} from './student-phase.js';

beforeAll(() => tf.setBackend('cpu'));

const mean = (x: Tensor): Scalar => tf.mean(x);

/** The mean of the student's logits [1, 2] and [3, 10]: 4. */
const phaseOf = (rest: Partial<StudentPhaseOptions> = {}) =>
  studentPhase({
    student: toyStudent,
    optimizer: sgd(),
    objective: ({ outputs }) => ({
      loss: mean(outputs.logits),
      metrics: { double: tf.mul(mean(outputs.logits), 2) },
    }),
    ...rest,
  });
const gradientsOf = (rest: Partial<StudentPhaseOptions> = {}, state: Tree = toyState()) =>
  phaseOf(rest).gradients(state, toyBatch(), toyHyper(), toyContext);

describe("the student's phase", () => {
  it('gives the loss, its gradients by full state names, and the metrics of the objective', () => {
    const { grads, metrics } = gradientsOf();
    // ∂/∂v = Σ features / 4 = [4, 6] / 4 in both columns; ∂/∂features = [0.25, 0.5]; Σ x = [4, 2].
    expect(arrays(grads)).toEqual({
      'student/params/w': [1, 2, 0.5, 1],
      'student/params/v': [1, 1, 1.5, 1.5],
    });
    expect(arrays(metrics)).toEqual({ 'loss/student': [4], double: [8] });
  });

  it('keeps the statistics of its forward pass', () => {
    expect(arrays(gradientsOf().stats)).toEqual({ 'student/stats/runs': [1] });
  });

  it('updates the student at its learning rate, and nothing else', () => {
    const phase = phaseOf();
    const state = toyState();
    const { grads } = phase.gradients(state, toyBatch(), toyHyper(), toyContext);
    expect(arrays(phase.update(state, grads, toyHyper({ 'student/learningRate': 0.5 })))).toEqual({
      'student/params/w': [0.5, 0, -0.25, 0.5],
      'student/params/v': [0.5, -0.5, -0.75, 1.25],
    });
  });

  it('trains auxiliary layers with the student and keeps their statistics', () => {
    const { layer } = toyAdapter;
    const counting = {
      ...layer,
      apply: (...given: Parameters<typeof layer.apply>) => ({
        ...layer.apply(...given),
        stats: { runs: tf.add(given[0].stats.runs!, 1) },
      }),
    };
    const auxiliaryLayers = { projector: { layer: counting, input: [2] } };
    const state = {
      ...toyState(),
      'projector/params/weights': tf.tensor2d([0, 1, 2, 0], [2, 2]),
      'projector/stats/runs': tf.scalar(6),
    };
    const found = gradientsOf(
      {
        auxiliaryLayers,
        objective: ({ outputs, auxiliary }) => ({
          loss: mean(auxiliary('projector', outputs.features)), // [a, b] -> [2b, a]
          metrics: {},
        }),
      },
      state,
    );
    expect(arrays(found.metrics)).toEqual({ 'loss/student': [(2 + 1 + 10 + 3) / 4] });
    expect(arrays(found.grads)).toMatchObject({
      'projector/params/weights': [1, 1, 1.5, 1.5],
      'student/params/w': [4 * 0.25, 4 * 0.5, 2 * 0.25, 2 * 0.5],
      'student/params/v': [0, 0, 0, 0],
    });
    expect(arrays(found.stats)).toEqual({ 'student/stats/runs': [1], 'projector/stats/runs': [7] });
    const updated = phaseOf({ auxiliaryLayers }).update(state, found.grads, toyHyper());
    expect(arrays(updated)['projector/params/weights']).toEqual([-0.5, 0.5, 1.25, -0.75]);
  });

  it('hands the gradients at watched tensors and the auxiliary values to `after`, whose results join the others; its means reach `remember`', () => {
    const phase = phaseOf({
      objective: ({ outputs }) => ({
        loss: mean(outputs.logits),
        metrics: { early: tf.scalar(1) },
        aux: { twice: tf.mul(outputs.features, 2) },
        watch: { features: outputs.features },
      }),
      after: ({ hyper }, { aux, watched }) => {
        expect(arrays(aux)).toEqual({ twice: [2, 2, 6, 10] });
        expect(arrays(watched)).toEqual({ features: [0.25, 0.5, 0.25, 0.5] });
        return { metrics: { late: hyper.lambda! }, means: { norm: tf.scalar(9) } };
      },
      remember: (state, { norm }) => ({ memory: tf.add(norm!, state['student/stats/runs']!) }),
    });
    const found = phase.gradients(toyState(), toyBatch(), toyHyper(), toyContext);
    expect(arrays(found.metrics)).toEqual({ 'loss/student': [4], early: [1], late: [2] });
    expect(arrays(found.stats)).toEqual({ 'student/stats/runs': [1] });
    expect(arrays(found.means!)).toEqual({ norm: [9] });
    const state = { ...toyState(), ...found.stats };
    expect(arrays(phase.update(state, found.grads, toyHyper(), found.means)).memory).toEqual([10]);
  });

  it('wraps the context of the student alone', () => {
    const zeroing = (context: Context): Context => ({
      ...context,
      activation: (_name, x) => tf.zerosLike(x),
    });
    let seen: Context | null = null;
    const { metrics } = gradientsOf({
      wrapContext: zeroing,
      objective: ({ outputs, context }) => {
        seen = context;
        return { loss: mean(outputs.logits), metrics: {} };
      },
    });
    expect(arrays(metrics)).toEqual({ 'loss/student': [0] });
    expect(seen).toBe(toyContext);
  });
});

describe('the parts of a phase', () => {
  it('trainableParams are those of the named models', () => {
    expect(Object.keys(trainableParams(toyState(), ['discriminator']))).toEqual(['discriminator/params/u']);
    expect(Object.keys(trainableParams(toyState(), ['student', 'discriminator']))).toHaveLength(3);
  });

  it('applyOptimizer advances parameters and slots of each model', () => {
    const state = { ...toyState(), 'discriminator/slots/velocity/u': tf.tensor2d([1, 1], [2, 1]) };
    const grads = { 'discriminator/params/u': tf.tensor2d([2, 4], [2, 1]) };
    const momentum = sgd({ momentum: 0.5 });
    const updated = applyOptimizer(state, grads, ['discriminator'], momentum, tf.scalar(0.5));
    expect(arrays(updated)).toEqual({
      'discriminator/slots/velocity/u': [2.5, 4.5], // 0.5 · 1 + gradient
      'discriminator/params/u': [3 - 1.25, 4 - 2.25],
    });
  });

  it('applyAuxiliary uses the variables of the state', () => {
    const state = { 'adapter/params/weights': tf.tensor2d([0, 1, 2, 0], [2, 2]) };
    const x = tf.tensor2d([1, 2], [1, 2]);
    expect([...applyAuxiliary(toyAdapter, 'adapter', state, x, toyContext).dataSync()]).toEqual([4, 1]);
  });
});
