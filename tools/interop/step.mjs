/**
 * The compiled adversarial step against an independent implementation: step-reference.py plays the same five
 * steps on JAX, from the paper's equations, with the same start, batches, teacher outputs and dropout masks.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawNoise, mapTree, Rng, specOf, normalizedNetwork } from '@anc/core';
import { encodeSafetensors } from '@anc/formats';
import { OnnxBackend } from '@anc/backend-onnx';
import methodsPlugin, { AdversarialMethod, adversarialSchema } from '@anc/methods';
import modelsPlugin from '@anc/models';
import { pythonWith } from '../ci/python.mjs';

const STEPS = 5;
const BATCH = 16;
const SEED = 3;
const LIMIT = 1e-4;
const options = {
  mean: 100,
  std: 60,
  hidden: 3,
  dropout: 0.5,
  lambda: 1,
  rate: 0.002,
  decay: 2e-4,
  steps: STEPS,
};

const folder = mkdtempSync(join(tmpdir(), 'anc-step-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const python = pythonWith(folder, ['numpy==2.2.6', 'safetensors==0.6.2', 'jax==0.6.2', 'jaxlib==0.6.2']);

const plugin = methodsPlugin();
const make = (kind) => (name, given) => {
  const { options: schema, create } = plugin[kind][name];
  return create(schema.parse(given ?? {}));
};
const parts = {
  discriminator: make('discriminators'),
  regularizer: make('regularizers'),
  dataTerm: make('dataTerms'),
  adversarialLoss: make('adversarialLosses'),
  balancer: make('balancers'),
};

const input = [28, 28, 1];
const network = modelsPlugin().models.lenet5.create({}, { input, classes: 10 });
const student = normalizedNetwork(network, { mean: [options.mean], std: [options.std] });
const outputs = { logits: [10], features: [84] };
const optimizer = { optimizer: 'momentum', learningRate: options.rate, weightDecay: options.decay };
const method = new AdversarialMethod(adversarialSchema.parse({ optimizer }), parts);
const [stage] = method.stages({ student, studentOutputs: outputs, input, classes: 10, teacher: { outputs } });

const start = stage.init(Rng.fromSeed(SEED), null);
const recorded = {};
const batches = Array.from({ length: STEPS }, (_, step) => {
  const rng = Rng.fromSeed(8).split(step);
  const floats = (size, f) => Float32Array.from({ length: size }, () => f(rng.normal()));
  const batch = {
    images: { shape: [BATCH, ...input], data: Uint8Array.from({ length: BATCH * 784 }, () => rng.int(256)) },
    'teacher/features': { shape: [BATCH, 84], data: floats(BATCH * 84, Math.abs) },
    'teacher/logits': { shape: [BATCH, 10], data: floats(BATCH * 10, (x) => 3 * x) },
  };
  const distribution = { kind: 'bernoulli', keep: 1 - options.dropout };
  const mask = drawNoise({ name: 'discriminator/dropout', shape: [BATCH, 84], distribution }, SEED, step);
  for (const [name, host] of Object.entries({ ...batch, mask })) recorded[`${step}/${name}`] = host;
  return batch;
});

const backend = await OnnxBackend.create();
const { hyper, phases } = stage.next({ epoch: 0, epochs: 1, step: 0, stepsPerEpoch: STEPS });
const spec = {
  state: mapTree(start, specOf),
  batch: mapTree(batches[0], specOf),
  hyper: Object.keys(hyper),
  phases,
};
const compiled = await backend.compile(stage.step, spec);
const state = await backend.upload(start);
for (const [step, batch] of batches.entries()) {
  await compiled.run(state, { batch, hyper, noise: { seed: SEED, step } });
}
const end = await state.read();
await backend.dispose();

const files = Object.entries({ start, end, recorded }).map(([name, tree]) => {
  const path = join(folder, `${name}.safetensors`);
  writeFileSync(path, encodeSafetensors(tree));
  return path;
});
const script = readFileSync(new URL('step-reference.py', import.meta.url), 'utf8');
const found = Object.entries(JSON.parse(python(script, [...files, JSON.stringify(options)])));
const still = found.filter(([, [, moved]]) => !(moved > 0));
const apart = found.filter(([, [difference]]) => !(difference <= LIMIT));
for (const [name, [difference]] of apart) console.log(`${name}: max|Δ| / max|w| = ${difference}`);
for (const [name] of still) console.log(`${name}: did not move`);
if (apart.length > 0 || still.length > 0) throw new Error('the step is not the one the paper describes');
const worst = Math.max(...found.map(([, [difference]]) => difference));
console.log(
  `${found.length} tensors agree after ${STEPS} steps: max|Δ| / max|w| ≤ ${worst.toExponential(1)}`,
);
