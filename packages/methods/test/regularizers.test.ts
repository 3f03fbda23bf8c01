import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import {
  Rng,
  valueAndGradients,
  type Context,
  type Discriminator,
  type RegularizerContext,
  type Tree,
} from '@anc/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { labelInversion } from '../src/index.js';
import { parts } from './parts.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const context: Context = {
  training: true,
  noise: () => {
    throw new Error('no noise in this test');
  },
  activation: (_name, x) => x,
};

const width = 2;
const normal = (name: string, rows: number, mean: number): tf.Tensor => {
  const rng = Rng.fromSeed(9).split(name);
  return tf.tensor2d(
    Float32Array.from({ length: rows * width }, () => mean + rng.normal()),
    [rows, width],
  );
};

function initial(discriminator: Discriminator): Tree {
  const { params } = discriminator.init(Rng.fromSeed(4), [width]);
  return Object.fromEntries(
    Object.entries(params).map(([name, host]) => [
      name,
      tf.tensor(Float32Array.from(host.data), [...host.shape]),
    ]),
  );
}

/** One plain gradient step on D's loss, or on its regularizer alone. */
function update(
  discriminator: Discriminator,
  params: Tree,
  samples: { teacher: tf.Tensor; student: tf.Tensor },
  options: { regularizer: string; adversarial: boolean; rate: number },
): Tree {
  const regularizer = parts.regularizer(options.regularizer);
  const { grads } = valueAndGradients((trained) => {
    const discriminate = (x: tf.Tensor): tf.Tensor =>
      discriminator.apply({ params: trained, stats: {} }, x, context).outputs.logits;
    const regularized: RegularizerContext = {
      params: trained,
      ...samples,
      dropped: samples.student,
      onTeacher: discriminate(samples.teacher),
      onStudent: discriminate(samples.student),
      discriminate,
      progress: tf.scalar(0),
      noise: context.noise,
      memory: {},
      hiddenOnTeacher: {},
      hiddenOnStudent: {},
      hidden: () => ({}),
    };
    const penalty = regularizer.penalty(regularized);
    const adversarialLoss = labelInversion.discriminator(regularized.onTeacher, regularized.onStudent);
    return { loss: options.adversarial ? tf.add(adversarialLoss, penalty) : penalty };
  }, params);
  return Object.fromEntries(
    Object.entries(params).map(([name, p]) => [name, tf.sub(p, tf.mul(grads[name]!, options.rate))]),
  );
}

const probability = (discriminator: Discriminator, params: Tree, x: tf.Tensor): number =>
  tf.mean(tf.sigmoid(discriminator.apply({ params, stats: {} }, x, context).outputs.logits)).dataSync()[0]!;

describe('one update with the regularizer alone', () => {
  const samples = () => ({ teacher: normal('t', 32, 1), student: normal('s', 32, -1) });

  it.each(['l1', 'l2'])('%s shrinks every weight of D', (name) => {
    const discriminator = parts.discriminator('mlp', { units: [8] });
    const before = initial(discriminator);
    const after = update(discriminator, before, samples(), {
      regularizer: name,
      adversarial: false,
      rate: 1e-3,
    });
    const size = (tree: Tree): number =>
      Object.values(tree).reduce((sum, leaf) => sum + tf.sum(tf.abs(leaf)).dataSync()[0]!, 0);
    expect(size(after)).toBeLessThan(size(before));
    for (const [name2, leaf] of Object.entries(before)) {
      const [old, updated] = [leaf.dataSync(), after[name2]!.dataSync()];
      old.forEach((w, i) => expect(Math.abs(updated[i]!)).toBeLessThanOrEqual(Math.abs(w) + 1e-3));
    }
  });

  it('adversarial-samples raises D on the student', () => {
    const discriminator = parts.discriminator('mlp', { units: [8] });
    const before = initial(discriminator);
    const { teacher, student } = samples();
    const after = update(
      discriminator,
      before,
      { teacher, student },
      { regularizer: 'adversarial-samples', adversarial: false, rate: 0.05 },
    );
    expect(probability(discriminator, after, student)).toBeGreaterThan(
      probability(discriminator, before, student),
    );
  });

  it('none changes nothing', () => {
    const discriminator = parts.discriminator('mlp', { units: [8] });
    const before = initial(discriminator);
    const after = update(discriminator, before, samples(), {
      regularizer: 'none',
      adversarial: false,
      rate: 1,
    });
    for (const [name, leaf] of Object.entries(before))
      expect([...after[name]!.dataSync()]).toEqual([...leaf.dataSync()]);
  });
});

describe('the equilibrium of D', () => {
  function settle(regularizer: string, gap: number, steps: number): { onTeacher: number; onStudent: number } {
    const discriminator = parts.discriminator('mlp', { units: [16] });
    const [teacher, student] = [normal('t', 64, gap), normal(gap === 0 ? 't' : 's', 64, -gap)];
    let params = initial(discriminator);
    for (let i = 0; i < steps; i++) {
      params = tf.tidy(() => ({
        ...update(discriminator, params, { teacher, student }, { regularizer, adversarial: true, rate: 0.2 }),
      }));
    }
    return {
      onTeacher: probability(discriminator, params, teacher),
      onStudent: probability(discriminator, params, student),
    };
  }

  it('is 2/3 with Eq. 7, not 1/2, if teacher and student cannot be told apart', () => {
    const { onTeacher, onStudent } = settle('adversarial-samples', 0, 300);
    expect(onTeacher).toBeCloseTo(2 / 3, 2);
    expect(onStudent).toBeCloseTo(2 / 3, 2);
  });

  it('is 1/2 without a regularizer', () => {
    expect(settle('none', 0, 300).onStudent).toBeCloseTo(1 / 2, 2);
  });

  it('is D(t) = 1 and D(s) = 1/2 with Eq. 7, if teacher and student are separable', () => {
    const { onTeacher, onStudent } = settle('adversarial-samples', 4, 400);
    expect(onTeacher).toBeGreaterThan(0.97);
    expect(onStudent).toBeCloseTo(0.5, 1);
  });

  it('is D(s) = 0 without a regularizer, if teacher and student are separable', () => {
    expect(settle('none', 4, 300).onStudent).toBeLessThan(0.05);
  });
});
