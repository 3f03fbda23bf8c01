// Images per second that the loader prepares: CIFAR's shape, batches of 128, one thread.
// Usage: node tools/bench/loader.mjs   (after a build)
import { MemoryImages, padCropFlip } from '@anc/datasets';
import { Loader } from '@anc/runtime';

const COUNT = 50_000;
const EPOCHS = 5;
const bytes = Uint8Array.from({ length: COUNT * 3072 }, (_, i) => (i * 2654435761) >>> 24);
const source = new MemoryImages(bytes, [32, 32, 3]);

/** Best and median of some epochs: the machine's other work only ever makes one slower. */
async function rate(augmentation) {
  const loader = new Loader(source, { batch: 128, seed: 1, ...(augmentation && { augmentation }) });
  const rates = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const start = performance.now();
    let images = 0;
    for await (const batch of loader.epoch(epoch)) images += batch.indices.length;
    rates.push((1000 * images) / (performance.now() - start));
  }
  rates.sort((a, b) => b - a);
  return { best: Math.round(rates[0]), median: Math.round(rates[Math.floor(EPOCHS / 2)]) };
}

console.table({
  plain: await rate(null),
  'pad 4, crop, flip': await rate(padCropFlip()),
  'pad 4, crop, flip, 8 views': await rate(padCropFlip({ views: 8 })),
});
