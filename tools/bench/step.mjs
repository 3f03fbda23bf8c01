/**
 * Time of a compiled step of distillation, compared with the same step in PyTorch, in every configuration of it.
 *
 *   node tools/bench/step.mjs [--python /path/to/python] [--case lenet4-step] [--batch 128] [--threads 2] [--rounds 7]
 *     [--runs 10]      runs of each side in a row; their mean is one measurement
 *     [--spinning 0]   microseconds that our idle threads spin
 *     [--peer eager/default/float32]  these configurations of PyTorch instead of all
 *     [--beside tfjs:wasm]  the same step op by op on another backend, too; tfjs:node if the working folder has it; onednn,
 *                      onednn:bfloat16 or onednn:int8 (forward passes alone), compiled, if it has koffi
 *     [--processor-time]  our sides' times are processor time, which other programs on the machine change less
 *     [--accumulate 4]  the same step in so many micro-batches, too, in turns with the whole one
 *     [--passes]       print what each graph pass did to the step instead of measuring it
 *
 * All sides take turns in the same run; medians over the rounds are compared. PyTorch computes the same, including the
 * gradient and discriminator metrics, eager and compiled, in its default memory layout and in channels_last, in float32 and
 * in bfloat16 (autocast). GFLOP/s count a step as three times the student's forward pass; the peak is the best of
 * roofline.mjs, measured in between. PyTorch runs only if --python (or PYTHON) names an interpreter that has torch;
 * compiling needs a C++ compiler.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { mapTree, Rng, sizeOf, specOf } from '@anc/core';
import { compileClassifier, StageRunner } from '@anc/core/internal';
import methods from '@anc/methods';
import models from '@anc/models';
import { OnnxBackend } from '@anc/backend-onnx';
import tfjs from '@anc/backend-tfjs';
import { objectiveParts } from './objective-parts.mjs';
import { bestOf, CONFIGURATIONS, startPeers } from './peers.mjs';
import { openRoofline } from './roofline.mjs';

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string', default: process.env.PYTHON ?? '' },
    case: { type: 'string', multiple: true },
    batch: { type: 'string', default: '128' },
    threads: { type: 'string', default: `${availableParallelism()}` },
    rounds: { type: 'string', default: '7' },
    runs: { type: 'string', default: '10' },
    spinning: { type: 'string', default: '0' },
    peer: { type: 'string', multiple: true, default: CONFIGURATIONS },
    beside: { type: 'string', multiple: true, default: [] },
    accumulate: { type: 'string' },
    profile: { type: 'string' },
    'processor-time': { type: 'boolean', default: false },
    passes: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const batch = Number(flags.batch);
const threads = Number(flags.threads);
const runs = Number(flags.runs);

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};
const gaussian = (rng, shape) => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()),
});
const network = (name, input) => models().models[name].create({}, { input, classes: 10 });
const rng = Rng.fromSeed(1);

/** The paper's step with the method's defaults: D 128-256-128 on the features, Eq. 7, dropout 0.5, momentum. */
async function adversarial(backend, name, input, width, accumulate) {
  const student = network(name, input);
  const outputs = { logits: [10], features: [width] };
  const contribution = methods().methods.adversarial;
  const method = contribution.create(contribution.options.parse({}), objectiveParts);
  const [stage] = method.stages({
    student,
    studentOutputs: outputs,
    input,
    classes: 10,
    teacher: { outputs },
  });
  const state = stage.init(rng, null);
  const { hyper, phases } = stage.next({ epoch: 0, epochs: 1, step: 0, stepsPerEpoch: 1 });
  const features = gaussian(rng, [batch, width]);
  const images = gaussian(rng, [batch, ...input]);
  const data = {
    images,
    'teacher/logits': gaussian(rng, [batch, 10]),
    'teacher/features': { shape: features.shape, data: features.data.map((v) => Math.max(0, v)) },
  };
  let count = 0;
  const inputs = () => ({ batch: data, hyper, noise: { seed: 1, step: count++ } });
  if (accumulate !== undefined) {
    const runner = new StageRunner(backend, stage, state, { accumulate });
    return {
      run: () => runner.play(phases, inputs()),
      settle: () => runner.metrics(),
      dispose: () => runner.close(),
    };
  }
  const step = await backend.compile(stage.step, {
    state: mapTree(state, specOf),
    batch: mapTree(data, specOf),
    hyper: Object.keys(hyper),
    phases,
  });
  const device = await backend.upload(state);
  return {
    run: () => step.run(device, inputs()),
    settle: () => step.metrics(),
    dispose: async () => {
      await step.dispose();
      await device.dispose();
    },
    flops: flopsOf(student, input) * 3,
    passes: step.program.passes,
  };
}

async function forward(backend, name, input) {
  const net = network(name, input);
  const images = {
    shape: [batch, ...input],
    data: Uint8Array.from({ length: batch * sizeOf(input) }, () => rng.int(256)),
  };
  const compiled = await compileClassifier(
    { backend, network: net, variables: net.init(rng, input) },
    images.shape,
    ['logits', 'features'],
    backend.calibrates ? images : null,
  );
  return {
    run: () => compiled.run({ images }),
    settle: () => undefined,
    dispose: () => compiled.dispose(),
    flops: flopsOf(net, input),
  };
}

const flopsOf = (net, input) => batch * net.summary(input).reduce((sum, { flops }) => sum + flops, 0);

const CASES = {
  'lenet4-step': (backend, parts) => adversarial(backend, 'lenet4', [28, 28, 1], 1024, parts),
  'resnet20-step': (backend, parts) => adversarial(backend, 'resnet20', [32, 32, 3], 64, parts),
  'resnet20-forward': (backend) => forward(backend, 'resnet20', [32, 32, 3]),
  'resnet164-forward': (backend) => forward(backend, 'resnet164', [32, 32, 3]),
  'nin-forward': (backend) => forward(backend, 'nin', [28, 28, 1]),
};

/** Milliseconds on the clock, or of processor time of all threads. */
function now() {
  if (!flags['processor-time']) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds per run, over `runs` in a row, until all work is done: a backend may queue runs. */
async function measure(prepared, runs) {
  const start = now();
  for (let i = 0; i < runs; i++) await prepared.run();
  await prepared.settle();
  return (now() - start) / runs;
}

/** A case on another backend; undefined where it has no precision of that kind. */
async function beside(backendName, caseName) {
  const [name, precision = 'float32'] = backendName.split(':');
  if (name !== 'onednn') return opByOp(backendName, caseName);
  const trains = caseName.endsWith('-step');
  if (trains && precision === 'int8') return undefined;
  const { OnednnBackend } = await import('@anc/backend-onednn');
  const backend = await OnednnBackend.create({
    threads,
    ...(trains ? { trainingPrecision: precision } : { precision }),
  });
  return { name: backendName, backend, prepared: await CASES[caseName](backend), runs, ms: [] };
}

/** A case on a backend that computes op by op. */
async function opByOp(backendName, caseName) {
  const { options, create } = tfjs().backends[backendName];
  const backend = await create(options.parse({}));
  return { name: backendName, backend, prepared: await CASES[caseName](backend), ms: [] };
}

const rows = [];
const peerRows = [];
for (const name of flags.case ?? Object.keys(CASES)) {
  const peers = startPeers(flags.python, 'step.py', [batch, threads], flags.peer);
  const backend = await OnnxBackend.create({
    threads,
    spinning: Number(flags.spinning),
    ...(flags.profile && { profile: flags.profile }),
  });
  const started = performance.now();
  const prepared = await CASES[name](backend);
  const compileMs = performance.now() - started;
  if (flags.passes) {
    console.log(name);
    console.table(prepared.passes ?? []);
    await prepared.dispose();
    await backend.dispose();
    continue;
  }
  const roofline = await openRoofline(backend, batch, median);
  const others = [];
  for (const each of flags.beside) {
    const side = await beside(each, name);
    if (side !== undefined) others.push(side);
  }
  if (flags.accumulate !== undefined && name.endsWith('-step')) {
    const divided = await CASES[name](backend, Number(flags.accumulate));
    others.push({ name: `${flags.accumulate} micro-batches`, prepared: divided, ms: [] });
  }
  await measure(prepared, 2);
  for (const each of others) await measure(each.prepared, each.runs === undefined ? 1 : 2);
  const ours = [];
  for (let round = 0; round < Number(flags.rounds); round++) {
    ours.push(await measure(prepared, runs));
    await roofline.measure();
    for (const each of others) each.ms.push(await measure(each.prepared, each.runs ?? 1));
    for (const peer of peers) {
      const answer = await peer.ask(`${name} ${runs}`);
      peer.times.push(answer.ms.reduce((a, b) => a + b) / runs);
      Object.assign(peer, answer);
    }
  }
  for (const peer of peers) peer.stop();
  const ms = median(ours);
  const peak = roofline.peak();
  const side = (title, ms) => {
    const against = (best) =>
      best === undefined ? {} : { best: best.configuration, times: +(median(best.times) / ms).toFixed(2) };
    const float32 = against(bestOf(peers, median, 'float32'));
    const all = against(bestOf(peers, median));
    return {
      case: name,
      side: title,
      ms: +ms.toFixed(1),
      'img/s': Math.round((batch / ms) * 1000),
      'GFLOP/s': Math.round(prepared.flops / ms / 1e6),
      ...(peers.length > 0 && {
        'times best float32': float32.times,
        'best float32': float32.best,
        'times best of all': all.times,
        'best of all': all.best,
      }),
    };
  };
  rows.push({
    ...side('onnx', ms),
    'of peak': `${Math.round((100 * prepared.flops) / (ms * peak.rate))} %`,
    peak: `${peak.name}, ${Math.round(peak.rate / 1e6)} GFLOP/s`,
    'compile ms': Math.round(compileMs),
  });
  for (const each of others) rows.push(side(each.name, median(each.ms)));
  for (const peer of peers) {
    peerRows.push({
      case: name,
      [`PyTorch ${peer.version}`]: peer.configuration,
      ms: +median(peer.times).toFixed(1),
      'its time / ours': +(median(peer.times) / ms).toFixed(2),
      'first run, s': +peer.firstSeconds.toFixed(1),
      'peak MiB': Math.round(peer.peakMiB),
    });
  }
  for (const each of others) {
    await each.prepared.dispose();
    await each.backend?.dispose();
  }
  await prepared.dispose();
  await roofline.dispose();
  await backend.dispose();
}
if (flags.json) console.log(JSON.stringify({ rows, peers: peerRows }, null, 2));
else if (!flags.passes) {
  console.table(rows);
  if (peerRows.length > 0) console.table(peerRows);
}
