/**
 * One process of `ranks.mjs`: trains the paper's adversarial step on random images, alone or as a rank, and prints one JSON line.
 *
 *   node tools/bench/ranks-worker.mjs <lenet4|resnet20> <images per process> <threads> <steps>
 */
import { OnnxBackend } from '@anc/backend-onnx';
import { exchangeByAllReduce, Rng, sizeOf } from '@anc/core';
import { StageRunner } from '@anc/core/internal';
import methods from '@anc/methods';
import models from '@anc/models';
import { openMpi } from '@anc/runtime';
import { objectiveParts } from './objective-parts.mjs';

const [name, rows, threads, count] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const CASES = { lenet4: { input: [28, 28, 1], width: 84 }, resnet20: { input: [32, 32, 3], width: 64 } };
const { input } = CASES[name];
const WARM_UP = 3;
/** Sizes of buffers whose all-reduce is timed, in float32. */
const SIZES = [4, 16_384, 262_144, 1_048_576];

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const rng = Rng.fromSeed(1);
const gaussian = (shape) => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()),
});

const collective = await openMpi();
let [waited, bytes] = [0, 0];
const exchange = exchangeByAllReduce(async (buffer) => {
  const began = performance.now();
  const sum = await collective.allReduce(buffer);
  waited += performance.now() - began;
  bytes += buffer.byteLength;
  return sum;
});

const backend = await OnnxBackend.create({ threads });
const student = models().models[name].create({}, { input, classes: 10 });
const width = student.apply === undefined ? CASES[name].width : widthOf(student);
const contribution = methods().methods.adversarial;
const method = contribution.create(contribution.options.parse({}), objectiveParts);
const outputs = { logits: [10], features: [width] };
const [stage] = method.stages({ student, studentOutputs: outputs, input, classes: 10, teacher: { outputs } });
const { hyper, phases } = stage.next({ epoch: 0, epochs: 1, step: 0, stepsPerEpoch: 1 });
const batch = {
  images: {
    shape: [rows, ...input],
    data: Uint8Array.from({ length: rows * sizeOf(input) }, () => rng.int(256)),
  },
  'teacher/logits': gaussian([rows, 10]),
  'teacher/features': gaussian([rows, width]),
};
const runner = new StageRunner(
  backend,
  stage,
  stage.init(rng, null),
  collective === null ? {} : { exchange },
);
const offset = rows * (collective?.rank ?? 0);
const times = [];
for (let step = 0; step < WARM_UP + count; step++) {
  if (step === WARM_UP) [waited, bytes] = [0, 0];
  const began = performance.now();
  await runner.play(phases, { batch, hyper, noise: { seed: 1, step, offset } });
  if (step === WARM_UP - 1 || step === WARM_UP + count - 1) await runner.metrics(); // waits for what was handed over
  if (step >= WARM_UP) times.push(performance.now() - began);
}
const messages = [];
for (const size of collective === null ? [] : SIZES) {
  const buffer = new Float32Array(size);
  const each = [];
  for (let i = 0; i < 15; i++) {
    await collective.barrier();
    const began = performance.now();
    await collective.allReduce(buffer);
    each.push(performance.now() - began);
  }
  messages.push({ bytes: 4 * size, milliseconds: median(each) });
}
if (collective === null || collective.rank === 0) {
  const total = times.reduce((sum, time) => sum + time, 0);
  console.log(
    JSON.stringify({
      step: total / count,
      waited: waited / count,
      bytes: bytes / count,
      messages,
      mpi: collective?.name ?? null,
    }),
  );
}
await runner.close();
await backend.dispose();
await collective?.close();
process.exit(0);

/** Features of the student: input of its last layer. */
function widthOf(network) {
  const { params } = network.init(Rng.still(), input);
  const kernels = Object.values(params).filter(({ shape }) => shape.length === 2 && shape[1] === 10);
  return kernels.at(-1).shape[0];
}
