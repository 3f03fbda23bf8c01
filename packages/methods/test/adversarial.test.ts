import '@tensorflow/tfjs-backend-cpu';
import {
  gradientAt,
  mapTree,
  modelStateOf,
  Rng,
  subtree,
  type Context,
  type HostTensor,
  type Stage,
  type Tree,
} from '@anc/core';
import { toyEnvironment, toyStudent, toyTask } from '@anc/testing/toy';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { AdversarialMethod, l2Term, labelInversion } from '../src/index.js';
import { method, parts } from './parts.js';

const { image: shape, classes, features: width, batchSize } = toyTask;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const tensors = (state: Tree<HostTensor>): Record<string, tf.Tensor> =>
  mapTree(state, (host) => tf.tensor(Float32Array.from(host.data), [...host.shape]));

/** A context that draws dropout masks and records the names of all noise that is drawn. */
function recording(): { context: Context; drawn: string[] } {
  const drawn: string[] = [];
  const context: Context = {
    training: true,
    noise(name, noiseShape) {
      drawn.push(name);
      const rng = Rng.fromSeed(3).split(name);
      const size = noiseShape.reduce((a, b) => a * b);
      return tf.tensor(
        Float32Array.from({ length: size }, () => rng.int(2)),
        [...noiseShape],
      );
    },
    activation: (_name, x) => x,
  };
  return { context, drawn };
}

const random = (name: string, size: number[]): tf.Tensor => {
  const rng = Rng.fromSeed(1).split(name);
  return tf.tensor(
    Float32Array.from({ length: size.reduce((a, b) => a * b) }, () => rng.normal()),
    size,
  );
};

function firstStep(stage: Stage) {
  const state = tensors(stage.init(Rng.fromSeed(2), null));
  const batch = {
    images: tf.mul(tf.abs(random('images', [batchSize, ...shape])), 80),
    'teacher/logits': random('logits', [batchSize, classes]),
    'teacher/features': tf.relu(random('features', [batchSize, width])),
  };
  const hyper = mapTree(stage.next({ epoch: 0, epochs: 1, step: 0, stepsPerEpoch: 1 }).hyper, (v) =>
    tf.scalar(v),
  );
  return { state, batch, hyper, ...recording() };
}

const small = { name: 'mlp', units: [12, 8] };
const stageOf = (options: object = {}): Stage =>
  method('adversarial', { discriminator: small, ...options }).stages(toyEnvironment())[0]!;
const phaseOf = (stage: Stage, name: string) => stage.step.phases.find((phase) => phase.name === name)!;

describe('phases', () => {
  it('train the discriminator first', () => {
    expect(stageOf().step.phases.map(({ name }) => name)).toEqual(['discriminator', 'student']);
    expect(stageOf().next({ epoch: 0, epochs: 1, step: 0, stepsPerEpoch: 1 }).phases).toEqual([
      'discriminator',
      'student',
    ]);
  });

  it('update the entries of their own model only', () => {
    const stage = stageOf();
    const { state, batch, hyper, context } = firstStep(stage);
    for (const name of ['discriminator', 'student']) {
      const phase = phaseOf(stage, name);
      const found = phase.gradients(state, batch, hyper, context);
      const changed = { ...found.stats, ...phase.update(state, found.grads, hyper, found.means) };
      expect(Object.keys(changed).length).toBeGreaterThan(0);
      expect(Object.keys(changed).every((entry) => entry.startsWith(`${name}/`))).toBe(true);
    }
  });

  it('start and repeat the discriminator as configured', () => {
    const stage = stageOf({ start: 2, discriminatorSteps: 3, regularizerUpdate: 'separate' });
    const at = (epoch: number) => stage.next({ epoch, epochs: 5, step: epoch, stepsPerEpoch: 1 });
    expect(at(1)).toMatchObject({ phases: ['student'], hyper: { adversarial: 0 } });
    expect(at(2).phases).toEqual([
      'discriminator',
      'discriminator',
      'discriminator',
      'regularizer',
      'student',
    ]);
    expect(at(2).hyper.adversarial).toBe(1);
  });
});

describe('dropout', () => {
  it("draws a mask in the student's phase only", () => {
    const stage = stageOf();
    const { state, batch, hyper } = firstStep(stage);
    const [inD, inStudent] = ['discriminator', 'student'].map((name) => {
      const { context, drawn } = recording();
      phaseOf(stage, name).gradients(state, batch, hyper, context);
      return new Set(drawn);
    });
    expect(inStudent).toEqual(new Set(['discriminator/dropout']));
    expect(inD).toEqual(new Set());
  });

  it.each([
    ['adversarial-sample', 'discriminator/dropout'],
    ['inside-student', 'student/dropout'],
  ])("applies the student phase's mask in Eq. 7: %s", (dropoutPosition, mask) => {
    const stage = stageOf({ dropoutPosition, regularizer: { name: 'adversarial-samples', dropped: true } });
    const { state, batch, hyper } = firstStep(stage);
    const [inD, inStudent] = [recording(), recording()];
    const found = phaseOf(stage, 'discriminator').gradients(state, batch, hyper, inD.context);
    const { metrics } = phaseOf(stage, 'student').gradients(state, batch, hyper, inStudent.context);
    expect(new Set(inD.drawn)).toEqual(new Set([mask]));
    expect(new Set(inStudent.drawn)).toEqual(new Set([mask]));
    // Both are -E[log D(dropped)] of the same D, and so the same number where the sample is the same.
    expect(found.metrics['loss/regularizer']!.dataSync()[0]).toBeCloseTo(
      metrics['loss/adversarial']!.dataSync()[0]!,
      5,
    );
  });

  it('affects the data term inside the student only', () => {
    const dataLoss = (position: string, mask: number): number => {
      const stage = stageOf({ dropoutPosition: position });
      const { state, batch, hyper, context } = firstStep(stage);
      const masked: Context = { ...context, noise: (_n, s) => tf.fill([...s], mask) };
      return phaseOf(stage, 'student')
        .gradients(state, batch, hyper, masked)
        .metrics['loss/data']!.dataSync()[0]!;
    };
    expect(dataLoss('adversarial-sample', 0)).toBe(dataLoss('adversarial-sample', 1));
    expect(dataLoss('inside-student', 0)).not.toBe(dataLoss('inside-student', 1));
  });
});

describe('gradients at the features', () => {
  it("are split into the data term's and the adversarial term's", () => {
    const stage = stageOf({ dropout: 0, lambda: 0.7, adversarialWeight: 2 });
    const { state, batch, hyper, context } = firstStep(stage);
    const { metrics } = phaseOf(stage, 'student').gradients(state, batch, hyper, context);
    const student = toyStudent();
    const variables = modelStateOf(state, 'student');
    const features = student.apply(variables, batch.images, context).outputs.features;
    const head = modelStateOf(state, 'student').params;
    const logitsOf = (f: tf.Tensor): tf.Tensor =>
      tf.add(tf.matMul(f, head['logits/weights']!), head['logits/bias']!);
    const data = gradientAt(
      (f) => tf.mul(l2Term({ reduction: 'sum' }).loss(logitsOf(f), batch['teacher/logits']), 0.7),
      features,
    );
    const discriminator = parts.discriminator('mlp', { units: [12, 8] });
    const adversarial = gradientAt(
      (f) =>
        tf.mul(
          labelInversion.student(
            discriminator.apply(modelStateOf(state, 'discriminator'), f, context).outputs.logits,
          ),
          2,
        ),
      features,
    );
    const norm = (g: tf.Tensor): number =>
      tf.mean(tf.mul(tf.sqrt(tf.sum(tf.square(g), 1)), batchSize)).dataSync()[0]!;
    expect(metrics['gradient/data']!.dataSync()[0]).toBeCloseTo(norm(data), 4);
    expect(metrics['gradient/adversarial']!.dataSync()[0]).toBeCloseTo(norm(adversarial), 4);
    const cosines = tf.div(
      tf.sum(tf.mul(data, adversarial), 1),
      // a sample whose features are all inactive has no gradient, and counts as orthogonal
      tf.maximum(
        tf.mul(tf.sqrt(tf.sum(tf.square(data), 1)), tf.sqrt(tf.sum(tf.square(adversarial), 1))),
        1e-20,
      ),
    );
    expect(metrics['gradient/cosine']!.dataSync()[0]).toBeCloseTo(tf.mean(cosines).dataSync()[0]!, 3);
  });

  it("agree with finite differences of the student's whole loss", () => {
    const stage = stageOf({ dropout: 0.5 });
    const { state: initial, batch, hyper, context } = firstStep(stage);
    const phase = phaseOf(stage, 'student');
    const name = 'student/params/hidden/bias';
    // At zero, samples without an active unit below would be at the kink of the ReLU.
    const state = { ...initial, [name]: tf.mul(random(name, [width]), 0.1) };
    const lossAt = (delta: number[]): number => {
      const moved = { ...state, [name]: tf.add(state[name], tf.tensor1d(delta)) };
      return phase.gradients(moved, batch, hyper, context).metrics['loss/student']!.dataSync()[0]!;
    };
    const found = phase.gradients(state, batch, hyper, context).grads[name]!.dataSync();
    found.forEach((gradient, i) => {
      const step = Array.from({ length: width }, (_, j) => (i === j ? 1e-2 : 0));
      const difference = (lossAt(step) - lossAt(step.map((v) => -v))) / 2e-2;
      expect(difference).toBeCloseTo(gradient, 1);
    });
  });
});

describe('batch-norm statistics', () => {
  it("come from the student's phase only", () => {
    const stage = method('adversarial', { discriminator: small }).stages(
      toyEnvironment(toyStudent({ batchNorm: true })),
    )[0]!;
    const { state, batch, hyper, context } = firstStep(stage);
    const changedIn = (name: string) =>
      Object.keys(phaseOf(stage, name).gradients(state, batch, hyper, context).stats).filter((entry) =>
        entry.startsWith('student/stats/'),
      );
    expect(changedIn('discriminator')).toEqual([]);
    expect(changedIn('student')).toHaveLength(2);
  });
});

describe('balancers', () => {
  it('start with weight 0 and approach the configured share of the data gradient', () => {
    const balancer = parts.balancer('gradient-norm', { share: 0.5, decay: 0.9 });
    let memory: Tree = mapTree(balancer.memory, (v) => tf.scalar(v));
    expect(balancer.weight(memory).dataSync()[0]).toBe(0);
    for (let i = 0; i < 3; i++)
      memory = balancer.next(memory, { data: tf.scalar(8), adversarial: tf.scalar(2) });
    expect(balancer.weight(memory).dataSync()[0]).toBeCloseTo(2, 4); // 0.5 × 8 / 2
  });

  it('respect the cap', () => {
    const balancer = parts.balancer('gradient-norm', { share: 1, cap: 10 });
    const memory = balancer.next(
      mapTree(balancer.memory, (v) => tf.scalar(v)),
      {
        data: tf.scalar(1),
        adversarial: tf.scalar(1e-9),
      },
    );
    expect(balancer.weight(memory).dataSync()[0]).toBeLessThanOrEqual(10.0001);
  });

  it('keep their memory in the state', () => {
    const stage = stageOf({ balancer: 'gradient-norm' });
    const { state, batch, hyper, context } = firstStep(stage);
    const phase = phaseOf(stage, 'student');
    const { grads, stats, means } = phase.gradients(state, batch, hyper, context);
    const changed = phase.update({ ...state, ...stats }, grads, hyper, means);
    expect(Object.keys(subtree(changed, 'balancer')).sort()).toEqual(['power', 'ratio']);
  });
});

describe('the environment', () => {
  it('is rejected if feature widths differ, before any work', () => {
    const uneven = { ...toyEnvironment(), studentOutputs: { logits: [classes], features: [width + 1] } };
    expect(() => method('adversarial').stages(uneven)).toThrow(/differ in the shape of "features"/);
    expect(() => method('adversarial', { input: 'nowhere' }).stages(toyEnvironment())).toThrow(
      /no output "nowhere"/,
    );
  });

  it('needs no labels', () => {
    const adversarial = method('adversarial');
    expect(adversarial).toBeInstanceOf(AdversarialMethod);
    expect(adversarial.labels).toBe('never');
    expect(adversarial.stages(toyEnvironment()).every((stage) => !stage.usesLabels)).toBe(true);
  });
});
