/**
 * A whole epoch of adversarial compression, ResNet-164 to ResNet-20, with crops and flips of the images: cold (every image
 * goes through the teacher) and in the steady state of `--views K` (the teacher's outputs for all K views of every image
 * are cached). For comparison, if --python names an interpreter with torch, the same loop in PyTorch with a standard
 * DataLoader, eager and compiled, in both memory layouts, in float32 and in bfloat16.
 *
 *   node tools/bench/epoch.mjs [--python /path/to/python] [--images 512] [--views 8] [--rounds 3] [--depth 164]
 *     [--backend onednn]  instead of onnx, and onednn:bfloat16; the working folder has koffi
 *     [--teacher-precision int8]  the teacher on oneDNN in this precision
 *     [--peer eager/default/float32]  these configurations of PyTorch instead of all
 *     [--workers 2]    processes of the DataLoader; 0 is the faster one on two cores
 *
 * Peak memory is that of each side's process; ours includes this script.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Rng, normalizedNetwork, train } from '@anc/core';
import { NetworkTeacher } from '@anc/core/internal';
import { OnnxBackend } from '@anc/backend-onnx';
import { AugmentedImages, createAugmentation, MemoryImages } from '@anc/datasets';
import methods from '@anc/methods';
import models from '@anc/models';
import { Loader, readViews, TeacherCache } from '@anc/runtime';
import { objectiveParts } from './objective-parts.mjs';
import { bestOf, CONFIGURATIONS, startPeers } from './peers.mjs';

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string', default: process.env.PYTHON ?? '' },
    images: { type: 'string', default: '512' },
    batch: { type: 'string', default: '128' },
    views: { type: 'string', default: '8' },
    depth: { type: 'string', default: '164' },
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '0' },
    backend: { type: 'string', default: 'onnx' },
    'teacher-precision': { type: 'string' },
    peer: { type: 'string', multiple: true, default: CONFIGURATIONS },
    threads: { type: 'string', default: `${availableParallelism()}` },
    json: { type: 'boolean', default: false },
  },
});
const [count, batch, views] = [flags.images, flags.batch, flags.views].map(Number);
const input = [32, 32, 3];
const rng = Rng.fromSeed(1);
const normalization = { mean: [120, 120, 120], std: [64, 64, 64] };
const network = (name) =>
  normalizedNetwork(models().models[name].create({}, { input, classes: 10 }), normalization);
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const threads = Number(flags.threads);

/** oneDNN is an optional package. */
const onednn = async (options) =>
  (await import('@anc/backend-onednn')).OnednnBackend.create({ threads, ...options });
const [engine, trainingPrecision = 'float32'] = flags.backend.split(':');
const backend =
  engine === 'onednn' ? await onednn({ trainingPrecision }) : await OnnxBackend.create({ threads });
const teacherPrecision = flags['teacher-precision'];
const teacherBackend =
  teacherPrecision === undefined ? backend : await onednn({ precision: teacherPrecision });
const bytes = Uint8Array.from({ length: count * 3072 }, () => rng.int(256));
const images = new MemoryImages(bytes, input);
const teacherNetwork = network(`resnet${flags.depth}`);
const teacher = await NetworkTeacher.create({
  backend: teacherBackend,
  network: teacherNetwork,
  variables: teacherNetwork.init(rng, input),
  input,
  digest: 'random',
});
if (teacherBackend.calibrates) {
  const shown = Math.min(count, 256);
  teacher.calibrate({ shape: [shown, ...input], data: bytes.slice(0, shown * 3072) }, 'random');
}
const student = network('resnet20');
const adversarial = methods().methods.adversarial;
// A random teacher's logits explode with depth: tiny rates keep the weights where they are.
const still = adversarial.options.parse({ optimizer: { learningRate: 1e-30, weightDecay: 1e-30 } });
const [stage] = adversarial.create(still, objectiveParts).stages({
  student,
  studentOutputs: { logits: [10], features: [64] },
  input,
  classes: 10,
  teacher: { outputs: { logits: [10], features: [64] } },
});

/** A training of some epochs over the images, in the order of a seed. */
function training(augmentation, outputs, epochs, order) {
  const loader = new Loader(images, { batch, seed: order, augmentation });
  const batches = {
    stepsPerEpoch: loader.batchesPerEpoch,
    shape: input,
    epoch: (epoch, from) => loader.epoch(epoch, from),
  };
  const state = stage.init(rng, null);
  return train({ backend, stage, batches, teacher: outputs, epochs, seed: 1, state });
}

/** Seconds of the second of three epochs, between the last update of the first and its own: the networks are there, as PyTorch's are. */
async function secondsOf(augmentation, outputs, order) {
  const ends = [];
  for await (const event of training(augmentation, outputs, 3, order)) {
    if (event.type === 'epoch') ends.push(performance.now());
  }
  return (ends[1] - ends[0]) / 1000;
}

const rounds = Number(flags.rounds);
const augmentations = [
  createAugmentation('crop', { pad: 4 }, images.shape),
  createAugmentation('flip', {}, images.shape),
];
const fresh = new AugmentedImages(images, { augmentations });
const limited = new AugmentedImages(images, { augmentations, views });
const cacheFor = (augmentation, budgetMb) => new TeacherCache(teacher, images, augmentation, { budgetMb });
const cached = cacheFor(limited, 512);
/** Puts all K views of every image through the teacher once: the steady state. */
async function fill() {
  for (let start = 0; start < count; start += batch) {
    const indices = Int32Array.from({ length: batch }, (_, i) => (start + i) % count);
    for (let view = 0; view < views; view++) {
      const drawn = new Int32Array(batch).fill(view);
      const pixels = await readViews(images, indices, drawn, limited);
      await cached.outputs({ indices, views: drawn, images: pixels }, stage.teacherOutputs);
    }
  }
}

const peers = startPeers(flags.python, 'epoch.py', [count, batch, flags.threads, flags.depth], flags.peer);
// One training stays open, so that the others reuse its compiled step.
const open = training(fresh, cacheFor(fresh, 0), 2, 99);
await open.next();
await fill();
const before = cached.counts.misses;
const ours = { cold: [], steady: [] };
for (let round = 0; round < rounds; round++) {
  ours.cold.push(await secondsOf(fresh, cacheFor(fresh, 0), round));
  ours.steady.push(await secondsOf(limited, cached, round));
  for (const peer of peers) {
    const { seconds, ...rest } = await peer.ask(flags.workers);
    peer.times.push(seconds);
    Object.assign(peer, rest);
  }
}
for (const peer of peers) peer.stop();
if (cached.counts.misses > before) throw new Error('an epoch in the steady state called the teacher');
const peak = Math.round(process.resourceUsage().maxRSS / 1024);
const against = (title, seconds, peer) =>
  peer === undefined
    ? {}
    : {
        [title]: `${peer.configuration} ${median(peer.times).toFixed(2)} s`,
        [`times ${title}`]: +(median(peer.times) / median(seconds)).toFixed(2),
      };
const row = (what, seconds) => ({
  epoch: what,
  seconds: +median(seconds).toFixed(2),
  'img/s': Math.round(count / median(seconds)),
  'peak MiB': peak,
  ...against('best float32', seconds, bestOf(peers, median, 'float32')),
  ...against('best of all', seconds, bestOf(peers, median)),
});
const rows = [row('cold', ours.cold), row(`steady, ${views} views`, ours.steady)];
const peerRows = peers.map(({ configuration, version, times, firstSeconds, peakMiB }) => ({
  [`PyTorch ${version}`]: configuration,
  seconds: +median(times).toFixed(2),
  'first epoch, s': +firstSeconds.toFixed(1),
  'peak MiB': Math.round(peakMiB),
}));
if (flags.json) console.log(JSON.stringify({ rows, peers: peerRows }, null, 2));
else {
  console.table(rows);
  if (peerRows.length > 0) console.table(peerRows);
}
await open.return();
await teacher.dispose();
if (teacherBackend !== backend) await teacherBackend.dispose();
await backend.dispose();
