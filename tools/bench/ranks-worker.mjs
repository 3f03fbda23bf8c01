/**
 * One process of `ranks.mjs`: trains the paper's adversarial step on random images, alone or as a rank, and prints one JSON line.
 *
 *   node tools/bench/ranks-worker.mjs <lenet4|resnet20> <images per process> <threads> <steps> [exchange]
 *
 * exchange: alone, `none` for the step as it is, or `nothing` for that of a rank that has nobody to exchange with.
 */
import { OnnxBackend } from '@anc/backend-onnx';
import { Rng, sizeOf } from '@anc/core';
import { RankGroup, StageRunner } from '@anc/core/internal';
import methods from '@anc/methods';
import models from '@anc/models';
import { openMpi } from '@anc/runtime';
import { objectiveParts } from './objective-parts.mjs';

const [name, rows, threads, count] = [process.argv[2], ...process.argv.slice(3, 6).map(Number)];
const isSplit = process.argv[6] === 'nothing';
const INPUTS = { lenet4: [28, 28, 1], resnet20: [32, 32, 3] };
const input = INPUTS[name];
const WARM_UP = 3;
/** Sizes of messages that are averaged, in float32: as a step does it, where they lie. */
const SIZES = [4, 16_384, 262_144, 1_048_576];

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const rng = Rng.fromSeed(1);
const gaussian = (shape) => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()),
});

const collective = await openMpi();
/** Milliseconds until all ranks are at an exchange, milliseconds of the exchange itself, and bytes. */
let [waited, exchanged, bytes] = [0, 0, 0];
const timed = async (work, buffer) => {
  const began = performance.now();
  const result = await work();
  bytes += buffer.byteLength;
  return { result, milliseconds: performance.now() - began };
};
const group =
  collective &&
  new RankGroup({
    name: collective.name,
    rank: collective.rank,
    ranks: collective.ranks,
    // A status of a few numbers precedes each exchange: ranks wait for each other there.
    allReduce: async (buffer) => {
      const { result, milliseconds } = await timed(() => collective.allReduce(buffer), buffer);
      waited += milliseconds;
      return result;
    },
    allReduceMean: async (buffer, weights) => {
      const { result, milliseconds } = await timed(() => collective.allReduceMean(buffer, weights), buffer);
      exchanged += milliseconds;
      return result;
    },
  });

const backend = await OnnxBackend.create({ threads });
const student = models().models[name].create({}, { input, classes: 10 });
const width = widthOf(student);
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
  group !== null
    ? { exchange: group.exchange }
    : isSplit
      ? { exchange: ({ values }) => Promise.resolve(values) }
      : {},
);
const offset = rows * (collective?.rank ?? 0);
const times = [];
let began = process.cpuUsage();
for (let step = 0; step < WARM_UP + count; step++) {
  if (step === WARM_UP) {
    [waited, exchanged, bytes] = [0, 0, 0];
    began = process.cpuUsage();
  }
  const started = performance.now();
  await runner.play(phases, { batch, hyper, noise: { seed: 1, step, offset } });
  if (step === WARM_UP - 1 || step === WARM_UP + count - 1) await runner.metrics(); // waits for what was handed over
  if (step >= WARM_UP) times.push(performance.now() - started);
}
const { user, system } = process.cpuUsage(began);
const messages = [];
const weights = Array.from({ length: collective?.ranks ?? 1 }, () => rows);
for (const size of collective === null ? [] : SIZES) {
  const buffer = new Float32Array(size);
  const each = [];
  for (let i = 0; i < 15; i++) {
    await collective.barrier();
    const began = performance.now();
    await collective.allReduceMean(buffer, weights);
    each.push(performance.now() - began);
  }
  messages.push({ bytes: 4 * size, milliseconds: median(each) });
}
if (collective === null || collective.rank === 0) {
  const total = times.reduce((sum, time) => sum + time, 0);
  console.log(
    JSON.stringify({
      step: total / count,
      processor: (user + system) / 1000 / count,
      system: system / 1000 / count,
      waited: waited / count,
      exchanged: exchanged / count,
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
