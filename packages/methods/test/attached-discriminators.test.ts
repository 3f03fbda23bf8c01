import '@tensorflow/tfjs-backend-cpu';
import { type AncError, mapTree, Rng, type HostTensor, type MethodEnvironment, type Stage } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { toyEnvironment, toyTask } from '@anc/testing/toy';
import { beforeAll, describe, expect, it } from 'vitest';
import { SpectrallyNormalized } from '../src/index.js';
import { method, parts } from './parts.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const { classes, features: width } = toyTask;
const small = { name: 'mlp', units: [4] };
const uneven = (teacherWidth: number): MethodEnvironment => ({
  ...toyEnvironment(),
  teacher: { outputs: { logits: [classes], features: [teacherWidth] } },
});
const initial = (stage: Stage) => Object.entries(stage.init(Rng.fromSeed(1), null));
const shapes = (stage: Stage, model: string) =>
  Object.fromEntries(
    initial(stage)
      .filter(([name]) => name.startsWith(`${model}/params/`))
      .map(([name, host]) => [name.slice(`${model}/params/`.length), host.shape]),
  );
const hintOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    return (error as AncError).detail.hint ?? '';
  }
  return '';
};

describe('an adapter', () => {
  it('is suggested if the widths differ, and connects them', () => {
    const plain = { discriminator: small };
    expect(hintOf(() => method('adversarial', plain).stages(uneven(9)))).toMatch(/adapter: linear/);
    const [stage] = method('adversarial', { ...plain, adapter: 'linear' }).stages(uneven(9));
    expect(shapes(stage!, 'discriminator-adapter')).toEqual({ weights: [width, 9], bias: [9] });
    expect(shapes(stage!, 'discriminator')['hidden1/weights']).toEqual([9, 4]);
  });

  it('is not exported', () => {
    const [stage] = method('adversarial', { discriminator: small, adapter: 'linear' }).stages(uneven(9));
    const { params } = stage!.student(stage!.init(Rng.fromSeed(1), null));
    expect(Object.keys(params).filter((name) => /adapter|discriminator/.test(name))).toEqual([]);
  });

  it('is not suggested if no linear layer connects the shapes', () => {
    const environment = toyEnvironment();
    const odd: MethodEnvironment = {
      ...environment,
      studentOutputs: { ...environment.studentOutputs, tap: [6, 6, 2] },
      teacher: { outputs: { ...environment.teacher!.outputs, tap: [3, 3, 2] } },
    };
    expect(hintOf(() => method('adversarial', { input: 'tap' }).stages(odd))).toMatch(/no linear adapter/);
  });
});

describe('several discriminators', () => {
  it('have states of their own, named after their inputs', () => {
    const one = { discriminator: small, input: 'features' };
    const [stage] = method('adversarial', {
      discriminators: [one, { ...one, input: 'logits', weight: 0.25 }, one],
    }).stages(toyEnvironment());
    const named = new Set(initial(stage!).map(([name]) => name.split('/')[0]));
    expect(named).toEqual(
      new Set(['student', 'discriminator-features', 'discriminator-logits', 'discriminator-features-2']),
    );
    expect([...stage!.teacherOutputs].sort()).toEqual(['features', 'logits']);
  });

  it("default to the method's own options", () => {
    const list = [{}, { input: 'logits', discriminator: { name: 'mlp', units: [7] }, adapter: 'none' }];
    const [stage] = method('adversarial', {
      discriminator: small,
      adapter: 'linear',
      input: 'features',
      discriminators: list,
    }).stages(uneven(9));
    expect(shapes(stage!, 'discriminator-features')['hidden1/weights']).toEqual([9, 4]);
    expect(shapes(stage!, 'discriminator-features-adapter')).toMatchObject({ weights: [width, 9] });
    expect(shapes(stage!, 'discriminator-logits')['hidden1/weights']).toEqual([classes, 7]);
    expect(shapes(stage!, 'discriminator-logits-adapter')).toEqual({});
    const all = method('adversarial', { input: 'logits', discriminators: [{}, {}] }).stages(toyEnvironment());
    expect([...all[0]!.teacherOutputs]).toEqual(['logits']);
  });

  it('accept the options of their parts beside the name, or under `options`', () => {
    const apart = { discriminator: { name: 'mlp', options: { units: [7] } } };
    const [stage] = method('adversarial', { discriminators: [apart] }).stages(toyEnvironment());
    expect(shapes(stage!, 'discriminator')['hidden1/weights']).toEqual([width, 7]);
  });

  it('are named in errors', () => {
    const list = [{ input: 'logits' }, { input: 'features' }];
    const adversarial = () => method('adversarial', { discriminators: list }).stages(uneven(9));
    expect(hintOf(adversarial)).toContain('in discriminators.1 set adapter: linear');
    expect(adversarial).toThrow('discriminators.1: student and teacher differ');
    expect(() =>
      method('adversarial', { discriminators: [{ input: 'nowhere' }] }).stages(toyEnvironment()),
    ).toThrow('discriminators.0: the teacher has no output "nowhere"');
  });
});

describe('controls', () => {
  it('a dead discriminator is zero, a frozen one is not, and neither is updated', () => {
    const state = (name: string) => {
      const [stage] = method(name, { discriminator: small }).stages(toyEnvironment());
      const phase = stage!.step.phases.find((candidate) => candidate.name === 'discriminator')!;
      expect(phase.update({}, {}, {})).toEqual({});
      const weights = initial(stage!).filter(([entry]) => entry.startsWith('discriminator/params'));
      return weights.flatMap(([, { data }]) => [...data]);
    };
    expect(state('adversarial-dead').every((weight) => weight === 0)).toBe(true);
    expect(state('adversarial-frozen').some((weight) => weight !== 0)).toBe(true);
  });
});

describe('spectral normalization', () => {
  it('scales the largest singular value of every weight to one', () => {
    const discriminator = new SpectrallyNormalized(parts.discriminator('mlp', { units: [5] }));
    const toTensor = ({ shape, data }: HostTensor): tf.Tensor =>
      tf.tensor(Float32Array.from(data), [...shape]);
    const initialized = discriminator.init(Rng.fromSeed(1), [4]);
    const params = mapTree(initialized.params, toTensor);
    let stats: Record<string, tf.Tensor> = mapTree(initialized.stats, toTensor);
    const context = {
      training: true,
      noise: () => tf.scalar(0),
      activation: (_name: string, x: tf.Tensor) => x,
    };
    for (let i = 0; i < 60; i++) {
      stats = { ...discriminator.apply({ params, stats }, tf.zeros([1, 4]), context).stats };
    }
    const weights = params['hidden1/weights'] as tf.Tensor2D;
    const v = tf.reshape(stats['spectral/hidden1/weights']!, [-1, 1]);
    const gram = tf.matMul(weights, weights, true); // v is its first eigenvector
    const image = tf.matMul(gram, v);
    const eigenvalue = tf.sqrt(tf.sum(tf.square(image)));
    const difference = tf.max(tf.abs(tf.sub(image, tf.mul(v, eigenvalue)))).dataSync()[0]!;
    expect(difference).toBeLessThan(1e-3);
  });
});

describe('Table 1', () => {
  it('has ten discriminators, the convolutional one over vectors and planes', () => {
    const conv = parts.discriminator('128conv-256conv');
    const count = (input: number[]) =>
      conv.summary(input).reduce((sum, { parameters }) => sum + parameters, 0);
    // [64] -> 32 × 128 -> 16 × 256 -> 1
    expect(count([64])).toBe(3 * 128 + 128 + 3 * 128 * 256 + 256 + 16 * 256 + 1);
    expect(count([8, 8, 3])).toBe(9 * 3 * 128 + 128 + 9 * 128 * 256 + 256 + 4 * 256 + 1);
  });
});
