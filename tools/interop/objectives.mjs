/**
 * The parts of the objective against JAX: values and gradients of every data term, of both sides of every
 * adversarial loss and of the regularizers with a published form, compiled to ONNX here, and written again in
 * objectives-reference.py from the equations and the authors' code.
 */
import { readFileSync } from 'node:fs';
import { drawNoise, mapTree } from '@anc/core';
import methodsPlugin from '@anc/methods';
import * as tf from '@tensorflow/tfjs-core';
import { pythonWith } from '../ci/python.mjs';
import { normal, temporaryFolder, text, worstDifference } from './recorded-objectives.mjs';

const LIMIT = 2e-5;
const BATCH = 12;
const plugin = methodsPlugin();
const make = (kind, name, options) => {
  const { options: schema, create } = plugin[kind][name];
  return create(schema.parse(options));
};

/** @type {import('./recorded-objectives.mjs').Case[]} */
const cases = [];

for (const [name, options] of [
  ['l2', { reduction: 'sum' }],
  ['l2', { reduction: 'mean' }],
  ['kl', { temperature: 4 }],
  ['dkd', { temperature: 4, alpha: 1, beta: 8 }],
  ['standardized', { temperature: 2 }],
  ['l1', {}],
  ['similarity', { output: 'features' }],
]) {
  const term = make('dataTerms', name, options);
  cases.push({
    name: text(name, options),
    call: ['data', name, options],
    inputs: {
      's/logits': normal('s/logits', [BATCH, 10], 3),
      's/features': normal('s/features', [BATCH, 7]),
      't/logits': normal('t/logits', [BATCH, 10], 3),
      't/features': normal('t/features', [BATCH, 5]),
    },
    trained: ['s/logits', 's/features'],
    compute: (x) =>
      term.loss(x['s/logits'], x['t/logits'], {
        student: { logits: x['s/logits'], features: x['s/features'] },
        teacher: { logits: x['t/logits'], features: x['t/features'] },
      }),
  });
}

const forms = ['cross-entropy', 'least-squares', 'hinge'].map((form) => ({ form }));
for (const [name, ...all] of [
  ['label-inversion', {}],
  ['saturating', {}],
  ['hinge', {}],
  ['least-squares', {}],
  ['wasserstein', {}],
  ['relativistic', ...forms],
  ['relativistic-average', ...forms],
  ['feature-matching', {}, { layers: ['hidden2'] }],
]) {
  for (const options of all) {
    const loss = make('adversarialLosses', name, options);
    for (const side of ['discriminator', 'student']) {
      const inputs = Object.fromEntries(
        ['t', 's'].flatMap((who) => [
          [`${who}/logits`, normal(`${who}/d`, [BATCH, 1], 2)],
          [`${who}/hidden1`, normal(`${who}/hidden1`, [BATCH, 6])],
          [`${who}/hidden2`, normal(`${who}/hidden2`, [BATCH, 4])],
        ]),
      );
      const hidden = (x, who) => ({ hidden1: x[`${who}/hidden1`], hidden2: x[`${who}/hidden2`] });
      cases.push({
        name: `${text(name, options)}: ${side}`,
        call: [side, name, options],
        inputs,
        trained: Object.keys(inputs),
        compute(x) {
          const context = {
            onTeacher: x['t/logits'],
            hiddenOnTeacher: hidden(x, 't'),
            hiddenOnStudent: hidden(x, 's'),
          };
          return side === 'student'
            ? loss.student(x['s/logits'], context)
            : loss.discriminator(x['t/logits'], x['s/logits'], context);
        },
      });
    }
  }
}

const STEPS = 4;
for (const [name, options] of [
  ['r1', {}],
  ['r2', {}],
  ['wgan-gp', {}],
  ['dragan', {}],
  ['lecam', {}],
  ['lecam', { oneSided: false, decay: 0.8, weight: 1 }],
]) {
  const regularizer = make('regularizers', name, options);
  const drawn = (noise, shape, distribution) => drawNoise({ name: noise, shape, distribution }, 5, 0);
  const noise = {
    'n/share': drawn('share', [BATCH, 1], { kind: 'uniform', low: 0, high: 1 }),
    'n/direction': drawn('direction', [BATCH, 6], { kind: 'uniform', low: 0, high: 0.5 }),
  };
  const params = {
    'd/w1': normal('w1', [6, 8], 0.6),
    'd/b1': normal('b1', [8]),
    'd/w2': normal('w2', [8, 1]),
    'd/b2': normal('b2', [1]),
  };
  cases.push({
    name: text(name, options),
    call: ['regularizer', name, options],
    inputs: {
      ...params,
      ...noise,
      't/features': normal('t/features', [BATCH, 6]),
      's/features': normal('s/features', [BATCH, 6]),
      // logits of earlier steps on teacher and student
      history: normal('history', [STEPS, 2, BATCH]),
    },
    trained: Object.keys(params),
    compute(x) {
      const discriminate = (at) =>
        tf.add(tf.matMul(tf.tanh(tf.add(tf.matMul(at, x['d/w1']), x['d/b1'])), x['d/w2']), x['d/b2']);
      let memory = mapTree(regularizer.memory?.([6]) ?? {}, ({ shape, data }) => tf.tensor(data, [...shape]));
      for (let step = 0; step < STEPS && regularizer.next !== undefined; step++) {
        const [onTeacher, onStudent] = [0, 1].map((side) =>
          tf.slice(x.history, [step, side, 0], [1, 1, BATCH]),
        );
        memory = regularizer.next({ memory, onTeacher, onStudent });
      }
      const [teacher, student] = [x['t/features'], x['s/features']];
      return regularizer.penalty({
        params: {},
        memory,
        teacher,
        student,
        onTeacher: discriminate(teacher),
        onStudent: discriminate(student),
        discriminate,
        noise: (noise) => x[`n/${noise}`],
      });
    },
  });
}

const folder = temporaryFolder('anc-objectives-');
const worst = await worstDifference(cases, {
  folder,
  python: pythonWith(folder, ['numpy==2.2.6', 'safetensors==0.6.2', 'jax==0.6.2', 'jaxlib==0.6.2']),
  script: readFileSync(new URL('objectives-reference.py', import.meta.url), 'utf8'),
  limit: LIMIT,
});
console.log(
  `${cases.length} objectives agree with JAX in value and gradients: max|Δ| / max|x| ≤ ${worst.toExponential(1)}`,
);
