/**
 * Ten steps of every optimizer, op by op and compiled, against torch.optim (and, for LAMB and LARS, against a transcription of
 * their papers): optimizers-reference.py takes the same gradients from the same start. With clipping, decay of the kernels
 * alone and the averaged weights; the schedules against torch.optim.lr_scheduler.
 *
 *   node tools/interop/optimizers.mjs
 *
 * ANC_PYTHON: an interpreter that has torch; else one of its own is made, for which pip loads all of torch.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import {
  createOptimizer,
  EagerBackend,
  mapTree,
  optimizerConfigSchema,
  prefixTree,
  Rng,
  scheduleOf,
  sizeOf,
  specOf,
  subtree,
} from '@anc/core';
import { OnnxBackend } from '@anc/backend-onnx';
import { pythonWith } from '../ci/python.mjs';

const STEPS = 10;
/** Relative to the largest entry; float32 over ten steps. */
const LIMIT = 2e-5;

const folder = mkdtempSync(join(tmpdir(), 'anc-optimizers-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Python source with arguments, by the given interpreter or one in a virtual environment of this stage. */
const python = pythonWith(folder, ['numpy==2.2.6', 'torch==2.9.1']);

const shapes = {
  'conv/weights': [3, 3, 2, 4],
  'conv/bias': [4],
  'norm/gamma': [4],
  'logits/weights': [6, 5],
};
const gaussian = (rng, scale) =>
  mapTree(shapes, (shape, name) => {
    const draw = rng.split(name);
    return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => scale * draw.normal()) };
  });
const root = Rng.fromSeed(11);
const start = gaussian(root.split('start'), 0.5);
const gradients = Array.from({ length: STEPS }, (_, step) => gaussian(root.split('gradients', step), 1));
/** A rate that changes, as schedules change it. */
const ratesFrom = (rate) => Array.from({ length: STEPS }, (_, step) => rate * (1 - step / (2 * STEPS)));

const sgd = { torch: 'SGD', rates: ratesFrom(0.1) };
const adam = { rates: ratesFrom(0.01) };
const cases = [
  { ...sgd, name: 'sgd', config: { optimizer: 'sgd' } },
  { ...sgd, name: 'sgd, decay', config: { optimizer: 'sgd' }, decay: 0.05 },
  {
    ...sgd,
    name: 'momentum, decay',
    config: { optimizer: 'momentum' },
    kwargs: { momentum: 0.9 },
    decay: 0.05,
  },
  {
    ...sgd,
    name: 'momentum, clipped, averaged',
    config: { optimizer: 'momentum' },
    kwargs: { momentum: 0.9 },
    clip: 0.5,
    ema: 0.9,
  },
  {
    ...sgd,
    name: 'nesterov, decay',
    config: { optimizer: 'nesterov', momentum: 0.8 },
    kwargs: { momentum: 0.8, nesterov: true },
    decay: 0.05,
  },
  { ...adam, torch: 'Adam', name: 'adam', config: { optimizer: 'adam' } },
  { ...adam, torch: 'Adam', name: 'adam, l2', config: { optimizer: 'adam', decayMode: 'l2' }, decay: 0.05 },
  { ...adam, torch: 'AdamW', name: 'adam is adamw', config: { optimizer: 'adam' }, decay: 0.05 },
  {
    ...adam,
    torch: 'AdamW',
    name: 'adamw, clipped, averaged',
    config: { optimizer: 'adamw', beta1: 0.8 },
    kwargs: { betas: [0.8, 0.999] },
    decay: 0.05,
    clip: 1,
    ema: 0.99,
  },
  { ...adam, torch: 'RMSprop', name: 'rmsprop, decay', config: { optimizer: 'rmsprop' }, decay: 0.05 },
  {
    ...adam,
    torch: 'RMSprop',
    name: 'rmsprop, centered, momentum',
    config: { optimizer: { name: 'rmsprop', alpha: 0.9, centered: true, rmsMomentum: 0.7 } },
    kwargs: { alpha: 0.9, centered: true, momentum: 0.7 },
  },
  { ...adam, torch: 'Adagrad', name: 'adagrad, decay', config: { optimizer: 'adagrad' }, decay: 0.05 },
  { ...adam, torch: 'Lamb', name: 'lamb, decay', config: { optimizer: 'lamb' }, decay: 0.05 },
  { ...adam, torch: 'Lamb', name: 'lamb, clipped', config: { optimizer: 'lamb' }, clip: 1 },
  { torch: 'Lars', rates: ratesFrom(2), name: 'lars, decay', config: { optimizer: 'lars' }, decay: 0.05 },
  { torch: 'Lars', rates: ratesFrom(2), name: 'lars', config: { optimizer: 'lars' } },
];

const schedules = [
  {
    name: 'cosine',
    ours: { kind: 'cosine', floor: 0.1 },
    torch: 'CosineAnnealingLR',
    kwargs: { T_max: STEPS, eta_min: 0.1 },
  },
  {
    name: 'step',
    ours: { kind: 'step', milestones: [3, 7], factor: 0.5 },
    torch: 'MultiStepLR',
    kwargs: { milestones: [3, 7], gamma: 0.5 },
  },
  {
    name: 'polynomial',
    ours: { kind: 'polynomial', power: 2 },
    torch: 'PolynomialLR',
    kwargs: { total_iters: STEPS, power: 2 },
  },
  {
    name: 'exponential',
    ours: { kind: 'exponential', end: 0.01 },
    torch: 'ExponentialLR',
    kwargs: { gamma: 0.01 ** (1 / STEPS) },
  },
  {
    name: 'cosine-restarts',
    ours: { kind: 'cosine-restarts', cycles: 2 },
    torch: 'CosineAnnealingWarmRestarts',
    kwargs: { T_0: STEPS / 2 },
  },
  {
    name: 'one-cycle',
    ours: { kind: 'one-cycle', peak: 0.3 },
    torch: 'OneCycleLR',
    kwargs: { max_lr: 1, total_steps: STEPS, pct_start: 0.3 },
  },
];

/** Parameters, and their averages where there are some, after the steps of a case. */
async function trained(backend, { config, rates, decay = 0, clip, ema }) {
  const optimizer = createOptimizer(
    optimizerConfigSchema.parse({ ...config, weightDecay: decay, clipNorm: clip, ema }),
  );
  const state = { ...prefixTree('params', start), ...prefixTree('slots', optimizer.init(start)) };
  const step = {
    id: `parity: ${optimizer.id}`,
    phases: [
      {
        name: 'update',
        gradients: (_state, batch) => ({
          grads: mapTree(batch, (grad) => tf.clone(grad)),
          stats: {},
          metrics: {},
        }),
        update(current, grads, hyper) {
          const slots = subtree(current, 'slots');
          const updated = optimizer.update(grads, slots, subtree(current, 'params'), hyper.rate);
          return { ...prefixTree('params', updated.params), ...prefixTree('slots', updated.slots) };
        },
      },
    ],
  };
  const spec = { state: mapTree(state, specOf), batch: mapTree(start, specOf), hyper: ['rate'] };
  const compiled = await backend.compile(step, spec);
  const memory = await backend.upload(state);
  for (const [i, rate] of rates.entries())
    await compiled.run(memory, { batch: gradients[i], hyper: { rate }, noise: { seed: 0, step: i } });
  await compiled.metrics();
  const after = await memory.read();
  await compiled.dispose();
  await memory.dispose();
  return { ...subtree(after, 'params'), ...prefixTree('average', subtree(after, 'slots/average')) };
}

const plain = (tree) => mapTree(tree, ({ shape, data }) => ({ shape, data: [...data] }));
const [input, output] = ['cases', 'results'].map((name) => join(folder, `${name}.json`));
writeFileSync(
  input,
  JSON.stringify({ start: plain(start), gradients: gradients.map(plain), cases, schedules, steps: STEPS }),
);
python(readFileSync(new URL('./optimizers-reference.py', import.meta.url), 'utf8'), [input, output]);
const reference = JSON.parse(readFileSync(output, 'utf8'));

const differenceOf = (received, expected) => {
  const scale = Math.max(...expected.map(Math.abs), 1e-12);
  return Math.max(...expected.map((value, i) => Math.abs(received[i] - value))) / scale;
};

let failed = 0;
const report = (name, difference, limit) => {
  const ok = difference <= limit;
  if (!ok) failed++;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(44)} ${difference.toExponential(1)}`);
};
console.log(`torch ${reference.torch}: largest difference after ${STEPS} steps, relative`);
for (const backend of [new EagerBackend('cpu'), await OnnxBackend.create({ threads: 1 })]) {
  for (const one of cases) {
    const [received, expected] = [await trained(backend, one), reference.optimizers[one.name]];
    const names = Object.keys(expected);
    if (names.some((name) => received[name] === undefined)) throw new Error(`${one.name}: ${names} expected`);
    const difference = Math.max(
      ...names.map((name) => differenceOf([...received[name].data], expected[name])),
    );
    report(`${backend.name} ${one.name}`, difference, LIMIT);
  }
  await backend.dispose();
}
for (const { name, ours } of schedules) {
  const rateAt = scheduleOf(ours);
  const received = Array.from({ length: STEPS }, (_, step) =>
    rateAt({ step, epochs: 1, stepsPerEpoch: STEPS }),
  );
  report(`schedule ${name}`, differenceOf(received, reference.schedules[name]), 1e-6);
}
if (failed > 0) {
  console.log(`${failed} differ.`);
  process.exitCode = 1;
}
