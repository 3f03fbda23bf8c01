/**
 * Trains a few adversarial steps that exchange with nobody, and prints whether sections run by the C functions of ONNX Runtime, and
 * the SHA-256 of the state. Started in a folder with koffi and in one without.
 */
import { createHash } from 'node:crypto';
import { OnnxBackend } from '../../packages/backend-onnx/dist/index.js';
import { NativeApi } from '../../packages/backend-onnx/dist/internal.js';
import { namesOf, Rng, sizeOf } from '../../packages/core/dist/index.js';
import { StageRunner } from '../../packages/core/dist/internal.js';
import methods from '../../packages/methods/dist/index.js';
import models from '../../packages/models/dist/index.js';
import { objectiveParts } from '../bench/objective-parts.mjs';

const [ROWS, STEPS, FEATURES] = [8, 3, 64];
const input = [16, 16, 3];
const rng = Rng.fromSeed(1);
const gaussian = (shape) => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()),
});
const student = models().models.resnet20.create({}, { input, classes: 10 });
const adversarial = methods().methods.adversarial;
const method = adversarial.create(adversarial.options.parse({}), objectiveParts);
const outputs = { logits: [10], features: [FEATURES] };
const [stage] = method.stages({ student, studentOutputs: outputs, input, classes: 10, teacher: { outputs } });
const { hyper, phases } = stage.next({ epoch: 0, epochs: 1, step: 0, stepsPerEpoch: 1 });
const batch = {
  images: {
    shape: [ROWS, ...input],
    data: Uint8Array.from({ length: ROWS * sizeOf(input) }, () => rng.int(256)),
  },
  'teacher/logits': gaussian([ROWS, 10]),
  'teacher/features': gaussian([ROWS, FEATURES]),
};
const backend = await OnnxBackend.create({ threads: 1 });
const runner = new StageRunner(backend, stage, stage.init(rng, null), {
  exchange: ({ values }) => Promise.resolve(values),
  synchronizedBatchNorm: { ranks: 1 },
});
for (let step = 0; step < STEPS; step++)
  await runner.play(phases, { batch, hyper, noise: { seed: 1, step } });
const hash = createHash('sha256');
const state = await runner.read();
for (const name of namesOf(state)) hash.update(new Uint8Array(state[name].data.buffer));
for (const value of Object.values((await runner.metrics()).means)) hash.update(String(value));
await runner.close();
await backend.dispose();
console.log(JSON.stringify({ native: (await NativeApi.load()) !== null, state: hash.digest('hex') }));
process.exit(0);
