/**
 * The parts of the objective against JAX: values and gradients of every data term, of both sides of every
 * adversarial loss and of the regularizers with a published form, compiled to ONNX here, and written again in
 * objectives-reference.py from the equations and the authors' code.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxBackend } from '@anc/backend-onnx';
import { drawNoise, mapTree, prefixTree, Rng, specOf, valueAndGradients } from '@anc/core';
import { encodeSafetensors } from '@anc/formats';
import methodsPlugin from '@anc/methods';
import * as tf from '@tensorflow/tfjs-core';
import { pythonWith } from '../ci/python.mjs';

const LIMIT = 2e-5;
const BATCH = 12;
const plugin = methodsPlugin();
const make = (kind, name, options) => {
  const { options: schema, create } = plugin[kind][name];
  return create(schema.parse(options));
};
const normal = (name, shape, scale = 1) => {
  const rng = Rng.fromSeed(17).split(name);
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, () => scale * rng.normal()) };
};
const text = (name, options) =>
  Object.keys(options).length === 0 ? name : `${name} ${JSON.stringify(options)}`;

/** A case: inputs, the names of those to differentiate at, and the scalar. */
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

const folder = mkdtempSync(join(tmpdir(), 'anc-objectives-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const python = pythonWith(folder, ['numpy==2.2.6', 'safetensors==0.6.2', 'jax==0.6.2', 'jaxlib==0.6.2']);

const backend = await OnnxBackend.create();
const recorded = {};
for (const [i, { name, inputs, trained, compute }] of cases.entries()) {
  const compiled = await backend.compileFunction(
    (tensors) => {
      const leaves = Object.fromEntries(trained.map((leaf) => [leaf, tensors[leaf]]));
      const nothing = (own) => tf.mul(0, tf.sum(own[trained[0]]));
      const { loss, grads } = valueAndGradients(
        (own) => ({ loss: tf.add(compute({ ...tensors, ...own }), nothing(own)) }),
        leaves,
      );
      return { value: tf.reshape(loss, []), ...prefixTree('gradient', grads) };
    },
    { id: `objective ${name}`, inputs: mapTree(inputs, specOf) },
  );
  Object.assign(recorded, prefixTree(`${i}/in`, inputs), prefixTree(`${i}/out`, await compiled.run(inputs)));
  await compiled.dispose();
}
await backend.dispose();

const path = join(folder, 'recorded.safetensors');
writeFileSync(path, encodeSafetensors(recorded));
const script = readFileSync(new URL('objectives-reference.py', import.meta.url), 'utf8');
const calls = cases.map(({ call, trained }) => [...call, trained]);
const errors = JSON.parse(python(script, [path, JSON.stringify(calls)]));
const apart = cases.flatMap(({ name }, i) =>
  Object.entries(errors[i]).flatMap(([what, error]) =>
    error <= LIMIT ? [] : [`${name}, ${what}: ${error}`],
  ),
);
if (apart.length > 0) throw new Error(`max|Δ| / max|x| above ${LIMIT}:\n${apart.join('\n')}`);
const worst = Math.max(...errors.flatMap((one) => Object.values(one)));
console.log(
  `${cases.length} objectives agree with JAX in value and gradients: max|Δ| / max|x| ≤ ${worst.toExponential(1)}`,
);
