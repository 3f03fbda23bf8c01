import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
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
import { auxiliaryLayersOf, termStep, type Term, type TermStepOptions } from './terms.js';

beforeAll(() => tf.setBackend('cpu'));

const term = (name: string, loss: Term['loss'], rest: Partial<Term> = {}): Term => ({
  name,
  id: name,
  teacherOutputs: [],
  usesLabels: false,
  loss,
  ...rest,
});
const logits = term('logits', ({ outputs }) => tf.mean(outputs.logits)); // 4
const features = term('features', ({ outputs }) => tf.mean(outputs.features)); // 2.5
const stepOf = (rest: Partial<TermStepOptions> = {}) =>
  termStep({ student: toyStudent, optimizer: sgd(), terms: [logits, features], ...rest });
const hyper = () => toyHyper({ 'weight/logits': 2, 'weight/features': -3 });

describe('termStep', () => {
  it('minimizes the weighted sum of its terms and reports each without its weight', () => {
    const [phase, ...others] = stepOf().phases;
    expect(others).toEqual([]);
    const { images } = toyBatch();
    const { grads, metrics } = phase!.gradients(toyState(), { images: images! }, hyper(), toyContext);
    expect(arrays(metrics)).toEqual({
      'loss/student': [2 * 4 - 3 * 2.5],
      'loss/logits': [4],
      'loss/features': [2.5],
    });
    // 2 · [0.25, 0.5] from the logits and -3 · 0.25 from the features meet at each of the two samples.
    expect(arrays(grads)).toEqual({
      'student/params/w': [4 * -0.25, 4 * 0.25, 2 * -0.25, 2 * 0.25],
      'student/params/v': [2, 2, 3, 3],
    });
  });

  it('reports agreement where the batch has teacher logits, and the error where it has labels', () => {
    const { images, labels, ...rest } = toyBatch();
    const metricsOf = (batch: Record<string, tf.Tensor>) =>
      arrays(
        stepOf().phases[0]!.gradients(toyState(), { images: images!, ...batch }, hyper(), toyContext).metrics,
      );
    expect(metricsOf({})).not.toHaveProperty('agreement');
    expect(metricsOf({})).not.toHaveProperty('error');
    expect(metricsOf({ 'teacher/logits': rest['teacher/logits']! })).toMatchObject({ agreement: [0.5] });
    expect(metricsOf({ labels: labels! })).toMatchObject({ error: [0.5] }); // it predicts class 1 twice, of 1 and 0
  });

  it('trains the auxiliary layers of its terms', () => {
    const adapted = term(
      'adapted',
      ({ outputs, auxiliary }) => tf.mean(auxiliary('adapter', outputs.features)),
      {
        auxiliaryLayers: { adapter: toyAdapter },
      },
    );
    const [phase] = stepOf({ terms: [logits, adapted] }).phases;
    const state = { ...toyState(), 'adapter/params/weights': tf.tensor2d([1, 0, 0, 1], [2, 2]) };
    const rates = toyHyper({ 'weight/logits': 1, 'weight/adapted': 4 });
    const { grads } = phase!.gradients(state, toyBatch(), rates, toyContext);
    expect(arrays(grads)['adapter/params/weights']).toEqual([4, 4, 6, 6]);
    expect(auxiliaryLayersOf([logits, adapted])).toEqual({ adapter: toyAdapter });
  });

  it('applies the student under the wrapped context', () => {
    const wrapContext = {
      id: 'zero',
      wrap: (context: Context): Context => ({ ...context, activation: (_name, x) => tf.zerosLike(x) }),
    };
    const [phase] = stepOf({ wrapContext }).phases;
    const { metrics } = phase!.gradients(toyState(), toyBatch(), hyper(), toyContext);
    expect(arrays(metrics)).toMatchObject({ 'loss/logits': [0] });
  });

  it('has an id that tells steps of different terms, order, optimizer, student or context apart', () => {
    const steps = [
      stepOf(),
      stepOf({ terms: [features, logits] }),
      stepOf({ terms: [logits] }),
      stepOf({ terms: [logits, { ...features, id: 'features(2)' }] }),
      stepOf({ optimizer: sgd({ momentum: 0.9 }) }),
      stepOf({ student: { ...toyStudent, name: 'other' } }),
      stepOf({ wrapContext: { id: 'w', wrap: (context) => context } }),
      stepOf({ wrapContext: { id: 'v', wrap: (context) => context } }),
    ];
    expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
    expect(stepOf().id).toBe(steps[0]!.id);
  });
});
