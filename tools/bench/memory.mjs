/**
 * Memory of the compiled adversarial step over many steps: resident set, JavaScript heap, and live tfjs tensors. Flat
 * columns mean that nothing leaks.
 *
 *   node --expose-gc tools/bench/memory.mjs [--model lenet5] [--batch 32] [--steps 2000]
 */
import { parseArgs } from 'node:util';
import { mapTree, Rng, sizeOf, specOf, normalizedNetwork } from '@anc/core';
import { OnnxBackend } from '@anc/backend-onnx';
import methods from '@anc/methods';
import models from '@anc/models';
import * as tf from '@tensorflow/tfjs-core';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'lenet5' },
    batch: { type: 'string', default: '32' },
    steps: { type: 'string', default: '2000' },
  },
});
const batch = Number(flags.batch);
const steps = Number(flags.steps);
const input = [28, 28, 1];
const rng = Rng.fromSeed(1);

const plugin = methods();
const factoryOf = (kind) => (name, options) => {
  const { options: schema, create } = plugin[kind][name];
  return create(schema.parse(options ?? {}));
};
const parts = {
  discriminator: factoryOf('discriminators'),
  regularizer: factoryOf('regularizers'),
  dataTerm: factoryOf('dataTerms'),
  adversarialLoss: factoryOf('adversarialLosses'),
  balancer: factoryOf('balancers'),
};
const network = models().models[flags.model].create({}, { input, classes: 10 });
const student = normalizedNetwork(network, { mean: [73], std: [90] });
const width = network.summary(input).at(-1).parameters / 10 - 1;
const outputs = { logits: [10], features: [width] };
const { options: schema, create } = plugin.methods.adversarial;
const environment = { student, studentOutputs: outputs, input, classes: 10, teacher: { outputs } };
const [stage] = create(schema.parse({}), parts).stages(environment);

const floats = (shape) => ({ shape, data: Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()) });
const draw = () => ({
  images: { shape: [batch, ...input], data: Uint8Array.from({ length: batch * 784 }, () => rng.int(256)) },
  'teacher/logits': floats([batch, 10]),
  'teacher/features': floats([batch, width]),
});

const backend = await OnnxBackend.create();
const state = stage.init(Rng.fromSeed(2), null);
const { hyper, phases } = stage.next({ epoch: 0, epochs: 1, step: 0, stepsPerEpoch: steps });
const spec = {
  state: mapTree(state, specOf),
  batch: mapTree(draw(), specOf),
  hyper: Object.keys(hyper),
  phases,
};
const compiled = await backend.compile(stage.step, spec);
const device = await backend.upload(state);
const rows = [];
for (let step = 0; step <= steps; step++) {
  await compiled.run(device, { batch: draw(), hyper, noise: { seed: 1, step } });
  if (step % 50 === 0) await compiled.metrics();
  if (step % Math.max(1, Math.floor(steps / 10)) !== 0) continue;
  globalThis.gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const mib = (bytes) => +(bytes / 2 ** 20).toFixed(1);
  rows.push({
    step,
    'resident MiB': mib(rss),
    'heap MiB': mib(heapUsed),
    'buffers MiB': mib(arrayBuffers),
    'tfjs tensors': tf.engine().memory().numTensors,
  });
}
await compiled.dispose();
await device.dispose();
await backend.dispose();
console.table(rows);
