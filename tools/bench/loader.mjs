// Images per second that the loader prepares on one thread (CIFAR's shape, batches of 128): crops and flips; every other
// augmentation, beside torchvision v2 in a DataLoader with one worker on the same images; and the seconds that datasets take
// to load, checksums included.
// Usage: node tools/bench/loader.mjs [--python <python with torchvision>] [--data <folder of official files>] [--rounds 3] [--images 12800]   (after a build)
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  AugmentedImages,
  cifar100,
  createAugmentation,
  fashionMnist,
  measureNormalization,
  MemoryImages,
} from '@anc/datasets';
import { Loader } from '@anc/runtime';

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string' },
    data: { type: 'string' },
    images: { type: 'string', default: '12800' },
    rounds: { type: 'string', default: '3' },
  },
});
const SHAPE = [32, 32, 3];
const COUNT = Number(flags.images);
const ROUNDS = 5;
const bytes = Uint8Array.from({ length: COUNT * 3072 }, (_, i) => (i * 2654435761) >>> 24);
const source = new MemoryImages(bytes, SHAPE);
const normalization = await measureNormalization(source);

/** (x - mean) / std of every byte, by a table per channel: what the compiled step does by itself. */
function standardise(images, { mean, std }) {
  const tables = mean.map((m, c) => Float32Array.from({ length: 256 }, (_, byte) => (byte - m) / std[c]));
  const [red, green, blue] = tables;
  const out = new Float32Array(images.length);
  for (let i = 0; i < images.length; i += 3) {
    out[i] = red[images[i]];
    out[i + 1] = green[images[i + 1]];
    out[i + 2] = blue[images[i + 2]];
  }
  return out;
}

const listOf = (...named) => named.map(([name, options = {}]) => createAugmentation(name, options, SHAPE));
const augmented = (augmentations, views = null) =>
  augmentations === null ? null : new AugmentedImages(source, { augmentations, views });

/** Images per second of one epoch. */
async function rate(augmentation, epoch, onHost = false) {
  const loader = new Loader(source, { batch: 128, seed: 1, ...(augmentation && { augmentation }) });
  const start = performance.now();
  let images = 0;
  for await (const batch of loader.epoch(epoch)) {
    if (onHost) standardise(batch.images, normalization);
    images += batch.indices.length;
  }
  return (1000 * images) / (performance.now() - start);
}

const sorted = (values) => [...values].sort((x, y) => x - y);
const median = (values) => Math.round(sorted(values)[values.length >> 1]);

const pair = listOf(['crop', { pad: 4 }], ['flip']);
const plain = {
  plain: [null],
  'crop(4), flip': [augmented(pair)],
  'crop(4), flip, 8 views': [augmented(pair, 8)],
  'crop(4), flip, normalized on the host': [augmented(pair), true],
};
const table = {};
for (const [name, [augmentation, onHost]] of Object.entries(plain)) {
  const rates = [];
  for (let epoch = 0; epoch < ROUNDS; epoch++) rates.push(await rate(augmentation, epoch, onHost));
  table[name] = { 'best, images/s': Math.round(Math.max(...rates)), median: median(rates) };
}
console.table(table);

/** Each of them, as in a list of its own, and the peer's transform of the same options. */
const others = {
  'crop(4), flip': pair,
  'resize-crop': listOf(['resize-crop']),
  'rotate(15)': listOf(['rotate']),
  'rotate(15, bilinear)': listOf(['rotate', { interpolation: 'bilinear' }]),
  'scale(0.1)': listOf(['scale']),
  'translate(0.1)': listOf(['translate']),
  'affine(15, 0.1, 0.1, 10)': listOf(['affine', { degrees: 15, translate: 0.1, scale: 0.1, shear: 10 }]),
  'color-jitter(0.4)': listOf(['color-jitter']),
  'color-jitter(0.4, hue=0.1)': listOf(['color-jitter', { hue: 0.1 }]),
  'grayscale(p=1)': listOf(['grayscale', { p: 1 }]),
  'blur(3)': listOf(['blur']),
  'random-erasing(p=1)': listOf(['random-erasing', { p: 1 }]),
  'rand-augment': listOf(['rand-augment']),
  'trivial-augment': listOf(['trivial-augment']),
  mixup: listOf(['mixup']),
  cutmix: listOf(['cutmix']),
};
const names = Object.keys(others);
/** Images per second of the peer, by name. */
const peers = () =>
  JSON.parse(
    execFileSync(
      flags.python,
      [fileURLToPath(new URL('peers/loader.py', import.meta.url)), String(COUNT), ...names],
      { encoding: 'utf8' },
    ),
  );
const rounds = [];
for (let round = 0; round <= Number(flags.rounds); round++) {
  const ours = {};
  for (const name of names) ours[name] = await rate(augmented(others[name]), round);
  if (round > 0) rounds.push({ ours, theirs: flags.python === undefined ? null : peers() }); // compiled by then
}
const compared = {};
for (const name of names) {
  const ours = median(rounds.map((round) => round.ours[name]));
  const theirs = rounds.flatMap((round) => round.theirs?.[name] ?? []);
  compared[name] = {
    'ours, images/s': ours,
    ...(theirs.length > 0 && {
      'torchvision v2, one worker': median(theirs),
      times: (ours / median(theirs)).toFixed(1),
    }),
  };
}
console.table(compared);

const folder = flags.data;
if (folder !== undefined) {
  const cache = mkdtempSync(join(tmpdir(), 'anc-bench-'));
  process.env.ANC_CACHE_DIR = cache;
  const loaded = {};
  for (const [name, open] of Object.entries({ 'fashion-mnist': fashionMnist, cifar100 })) {
    for (const time of ['first, hashed', 'second, remembered']) {
      const [start, cpu] = [performance.now(), process.cpuUsage()];
      const dataset = open(folder);
      let held = 0;
      for (const split of ['train', 'test']) {
        const { images, labels } = await dataset.split(split);
        await labels();
        held += images.bytes.length;
      }
      const seconds = ((performance.now() - start) / 1000).toFixed(2);
      const { user, system } = process.cpuUsage(cpu);
      const used = ((user + system) / 1e6).toFixed(2);
      loaded[`${name}: ${time}`] = {
        seconds,
        'of the processor': used,
        'MB of images': Math.round(held / 2 ** 20),
      };
    }
  }
  loaded['peak of the process'] = {
    seconds: '',
    'of the processor': '',
    'MB of images': Math.round(process.resourceUsage().maxRSS / 1024),
  };
  rmSync(cache, { recursive: true });
  console.table(loaded);
}
