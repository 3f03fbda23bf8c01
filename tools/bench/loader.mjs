// Images per second that the loader prepares on one thread (CIFAR's shape, batches of 128), and the seconds that
// datasets take to load, checksums included.
// Usage: node tools/bench/loader.mjs [data folder]   (after a build; the folder has official files)
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cifar100, fashionMnist, measureNormalization, MemoryImages, padCropFlip } from '@anc/datasets';
import { Loader } from '@anc/runtime';

const COUNT = 50_000;
const EPOCHS = 5;
const bytes = Uint8Array.from({ length: COUNT * 3072 }, (_, i) => (i * 2654435761) >>> 24);
const source = new MemoryImages(bytes, [32, 32, 3]);
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

/** Best and median of some epochs: the machine's other work only ever makes one slower. */
async function rate(augmentation, onHost = false) {
  const loader = new Loader(source, { batch: 128, seed: 1, ...(augmentation && { augmentation }) });
  const rates = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const start = performance.now();
    let images = 0;
    for await (const batch of loader.epoch(epoch)) {
      if (onHost) standardise(batch.images, normalization);
      images += batch.indices.length;
    }
    rates.push((1000 * images) / (performance.now() - start));
  }
  rates.sort((a, b) => b - a);
  return { 'best, images/s': Math.round(rates[0]), median: Math.round(rates[Math.floor(EPOCHS / 2)]) };
}

console.table({
  plain: await rate(null),
  'pad 4, crop, flip': await rate(padCropFlip()),
  'pad 4, crop, flip, 8 views': await rate(padCropFlip({ views: 8 })),
  'pad 4, crop, flip, normalizedNetwork on the host': await rate(padCropFlip(), true),
});

const [, , folder] = process.argv;
if (folder !== undefined) {
  const cache = mkdtempSync(join(tmpdir(), 'anc-bench-'));
  process.env.ANC_CACHE_DIR = cache;
  const table = {};
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
      table[`${name}: ${time}`] = {
        seconds,
        'of the processor': used,
        'MB of images': Math.round(held / 2 ** 20),
      };
    }
  }
  table['peak of the process'] = {
    seconds: '',
    'of the processor': '',
    'MB of images': Math.round(process.resourceUsage().maxRSS / 1024),
  };
  rmSync(cache, { recursive: true });
  console.table(table);
}
