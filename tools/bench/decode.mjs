// Photographs decoded, resized and cropped to 224 × 224 per second: our loader, the image library alone with the same
// operations, and PyTorch's DataLoader with Pillow on the same files.
// Usage: node tools/bench/decode.mjs <folder with val/<class>/*.JPEG> [--python <python with torch and pillow>]
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ImageFolder, listImages } from '@anc/datasets';
import { Loader } from '@anc/runtime';
import sharp from 'sharp';

const [, , folder, flag, python] = process.argv;
sharp.concurrency(1); // as our loader sets it: many pictures at once, each on one core
sharp.cache(false);
const ROUNDS = 3;
const REPEATS = 4;
const BATCH = 32;
const SIDE = 224;
const root = join(folder, 'val');
const files = (await listImages(root)).map(({ path }) => join(root, path));
const dataset = await ImageFolder.open(
  { path: root, size: SIDE, labelled: 'no', testFraction: 0.01, views: 64 },
  null,
  1,
);
const { images } = await dataset.split('train');

const best = (rates) => Math.round(Math.max(...rates));
async function measure(work) {
  const rates = [];
  const costs = [];
  await work(); // files in the page cache, libraries loaded
  for (let round = 0; round < ROUNDS; round++) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    let count = 0;
    for (let i = 0; i < REPEATS; i++) count += await work(i);
    rates.push((1000 * count) / (performance.now() - start));
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1000 / count);
  }
  return { 'images/s': best(rates), 'ms of processor per image': Number(Math.min(...costs).toFixed(2)) };
}

/** The library by itself, as many at a time as there are cores, and nothing kept. */
async function alone(options) {
  let next = 0;
  const one = async () => {
    while (next < files.length) {
      const path = files[next++];
      await sharp(path)
        .resize(options)
        .extract({ left: 16, top: 16, width: SIDE, height: SIDE })
        .raw()
        .toBuffer();
    }
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, one));
  return files.length;
}

async function loaded(augmentation, epoch = 0) {
  const loader = new Loader(images, { batch: BATCH, seed: 1, ...(augmentation && { augmentation }) });
  let count = 0;
  for await (const batch of loader.epoch(epoch)) count += batch.indices.length;
  return count;
}

const peerRow = ([rate, cost]) => ({
  'images/s': Math.round(rate),
  ...(cost === null ? {} : { 'ms of processor per image': Number(cost.toFixed(2)) }),
});
const memory = () => Math.round(process.resourceUsage().maxRSS / 1024);
const table = {};
table['sharp alone, resize 256 and centre 224'] = await measure(() =>
  alone({ width: 256, height: 256, fit: 'cover', kernel: 'linear' }),
);
table['our loader, centre'] = { ...(await measure(() => loaded(null))), 'peak MB': memory() };
table['our loader, random-resized crop and flip'] = {
  ...(await measure((i) => loaded(images.crops, i))),
  'peak MB': memory(),
};
if (flag === '--python') {
  const peer = fileURLToPath(new URL('./peers/decode.py', import.meta.url));
  for (const workers of [0, availableParallelism()]) {
    const answer = execFileSync(python, [peer, root, `${workers}`, `${BATCH}`, `${ROUNDS}`, `${REPEATS}`]);
    const { centre, crop } = JSON.parse(answer.toString()); // [images/s, ms of processor or null]
    table[`PyTorch DataLoader, Pillow, ${workers} workers, centre`] = peerRow(centre);
    table[`PyTorch DataLoader, Pillow, ${workers} workers, random-resized crop and flip`] = peerRow(crop);
  }
}
console.log(`${files.length} photographs, ${availableParallelism()} cores`);
console.table(table);
