import '@tensorflow/tfjs-backend-cpu';
import { valueAndGradients, type ClassifierOutputs, type GeneratorTermContext } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { parts } from './parts.js';

/** Rows of numbers, in double precision. */
type Rows = readonly (readonly number[])[];

const STUDENT: Rows = [
  [0.3, -1.2, 2.1],
  [1.4, 0.2, -0.7],
  [-0.4, 0.9, 0.1],
];
const TEACHER: Rows = [
  [1.1, -0.3, 0.8],
  [0.2, 2.2, -1.5],
  [-1.6, 0.4, 0.6],
];

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const softmax = (row: readonly number[], temperature = 1): number[] => {
  const powers = row.map((x) => Math.exp(x / temperature));
  const total = powers.reduce((sum, x) => sum + x, 0);
  return powers.map((x) => x / total);
};
const centered = (row: readonly number[]): number[] => row.map((x) => x - mean(row));
const kl = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, x, i) => sum + x * Math.log(x / q[i]!), 0);
const l1 = (s: Rows, t: Rows, change = centered): number =>
  mean(s.flatMap((row, i) => change(row).map((x, c) => Math.abs(x - change(t[i]!)[c]!))));
const jensenShannon = (p: readonly number[], q: readonly number[]): number => {
  const m = p.map((x, i) => (x + q[i]!) / 2);
  return (kl(p, m) + kl(q, m)) / 2;
};

/** ∂f/∂rows by central differences in double precision. */
const slopes = (f: (rows: Rows) => number, rows: Rows): number[] =>
  rows.flatMap((row, i) =>
    row.map((_, c) => {
      const at = (by: number): number =>
        f(rows.map((other, j) => (j === i ? other.map((x, k) => (k === c ? x + by : x)) : other)));
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    }),
  );

function expectSame(f: (x: Tensor) => Scalar, reference: (rows: Rows) => number, rows: Rows): void {
  const { loss, grads } = valueAndGradients(({ x }) => ({ loss: f(x!) }), {
    x: tf.tensor2d(rows as number[][]),
  });
  expect(loss.dataSync()[0]).toBeCloseTo(reference(rows), 5);
  const found = [...grads.x!.dataSync()];
  slopes(reference, rows).forEach((slope, i) => expect(found[i]).toBeCloseTo(slope, 4));
}

const context = { progress: tf.scalar(0), noise: () => tf.scalar(0) } as never;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('discrepancies, against double precision', () => {
  const identity = (row: readonly number[]): number[] => [...row];
  it.each<readonly [string, object, (s: Rows, t: Rows) => number]>([
    ['l1', {}, (s, t) => l1(s, t)],
    ['l1', { centered: false }, (s, t) => l1(s, t, identity)],
    ['log-l1', {}, (s, t) => Math.log(1 + l1(s, t))],
    ['kl', { temperature: 2 }, (s, t) => 4 * mean(s.map((row, i) => kl(softmax(t[i]!, 2), softmax(row, 2))))],
    [
      'jensen-shannon',
      { temperature: 3 },
      (s, t) => mean(s.map((row, i) => jensenShannon(softmax(t[i]!, 3), softmax(row, 3)))),
    ],
  ])('%s %j', (name, options, reference) => {
    const discrepancy = parts.discrepancy(name, options);
    const [student, teacher] = [STUDENT, TEACHER].map((rows) => tf.tensor2d(rows as number[][]));
    expectSame(
      (x) => discrepancy.distance(x, teacher!, context),
      (rows) => reference(rows, TEACHER),
      STUDENT,
    );
    expectSame(
      (x) => discrepancy.distance(student!, x, context),
      (rows) => reference(STUDENT, rows),
      TEACHER,
    );
  });
});

describe('terms of the generator, against double precision', () => {
  const given = (own: Partial<Record<keyof GeneratorTermContext, unknown>>): GeneratorTermContext =>
    ({ ...(context as object), ...own }) as GeneratorTermContext;
  const teacher = (logits: Tensor, features = logits): ClassifierOutputs => ({ logits, features });

  it('class-balance: Σ p log p of the mean answer', () => {
    const term = parts.generatorTerm('class-balance', { weight: 5 });
    const reference = (rows: Rows): number => {
      const answers = rows.map((row) => softmax(row));
      const p = answers[0]!.map((_, c) => mean(answers.map((answer) => answer[c]!)));
      return 5 * p.reduce((sum, x) => sum + x * Math.log(x), 0);
    };
    expectSame((x) => term.penalty(given({ teacher: teacher(x) })), reference, TEACHER);
  });

  it('confidence: cross-entropy with the class that each answer names', () => {
    const term = parts.generatorTerm('confidence', { weight: 1 });
    const reference = (rows: Rows): number => -mean(rows.map((row) => Math.log(Math.max(...softmax(row)))));
    expectSame((x) => term.penalty(given({ teacher: teacher(x) })), reference, TEACHER);
  });

  it('activation: -E |f_t|', () => {
    const term = parts.generatorTerm('activation', { weight: 0.1 });
    const reference = (rows: Rows): number => -0.1 * mean(rows.flat().map(Math.abs));
    expectSame((x) => term.penalty(given({ teacher: teacher(x) })), reference, TEACHER);
  });

  it('batch-norm: distances of means and variances', () => {
    const term = parts.generatorTerm('batch-norm', { weight: 2 });
    const [means, variances] = [
      [0.1, -0.2, 0.4],
      [0.5, 1.5, 0.7],
    ];
    const batchNorm = (x: Tensor) => ({ x, mean: tf.tensor1d(means), variance: tf.tensor1d(variances) });
    const reference = (rows: Rows): number => {
      const columns = means.map((_, c) => rows.map((row) => row[c]!));
      const moments = columns.map((column) => [
        mean(column),
        mean(column.map((x) => (x - mean(column)) ** 2)),
      ]);
      const distance = (which: number, target: readonly number[]): number =>
        Math.hypot(...moments.map((moment, c) => moment[which]! - target[c]!));
      return 2 * (distance(0, means) + distance(1, variances));
    };
    expectSame((x) => term.penalty(given({ batchNorms: [batchNorm(x)] })), reference, TEACHER);
  });

  it('batch-norm is refused for a teacher without any', () => {
    const term = parts.generatorTerm('batch-norm');
    expect(() => term.penalty(given({ batchNorms: [] }))).toThrow(/no batch norm/);
  });

  it('diversity: distance of the noise over that of the images', () => {
    const term = parts.generatorTerm('diversity', { weight: 1 });
    const z: Rows = [
      [0.1, 0.7],
      [1.2, -0.4],
      [-0.6, 0.3],
    ];
    const step = (rows: Rows, i: number, scale = 1): number => {
      const next = rows[(i + 1) % rows.length]!;
      return mean(rows[i]!.map((x, c) => Math.abs(x - next[c]!) / scale));
    };
    const images = TEACHER.map((row) => row.map((x) => 40 * x + 120));
    const reference = (rows: Rows): number =>
      mean(rows.map((_, i) => step(z, i) / (step(rows, i, 255) + 1e-3)));
    expectSame((x) => term.penalty(given({ images: x, z: tf.tensor2d(z as number[][]) })), reference, images);
  });
});
