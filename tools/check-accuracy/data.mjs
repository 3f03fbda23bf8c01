/**
 * Images for the models of `measure.mjs`: training images as one file of bytes per set, and images to check with as PNG
 * files, which no model is trained on.
 *
 *     node tools/check-accuracy/data.mjs <data folder> <work folder>
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rng } from '@anc/core';
import { cifar100, fashionMnist, Glyphs } from '@anc/datasets';
import sharp from 'sharp';
import { fromSource } from '../build/from-source.mjs';

const { parseSvhn } = await fromSource('datasets/src/svhn/svhn.ts');

const [dataFolder, workFolder] = process.argv.slice(2);
const CHECKED = 300;

/** Every image and label of a split. */
async function allOf(split) {
  const { images, labels } = split;
  const [height, width, channels] = images.shape;
  const bytes = new Uint8Array(images.count * height * width * channels);
  await images.read(
    Int32Array.from({ length: images.count }, (_, i) => i),
    bytes,
  );
  return { images: bytes, labels: await labels(), shape: images.shape };
}

/** The first `most` images of these classes, which are numbered anew. */
function some({ images, labels, shape }, classes, most) {
  const size = shape.reduce((a, b) => a * b, 1);
  const chosen = [...labels.keys()].filter((i) => classes.includes(labels[i])).slice(0, most);
  const out = new Uint8Array(chosen.length * size);
  chosen.forEach((from, i) => out.set(images.subarray(from * size, (from + 1) * size), i * size));
  return { images: out, labels: Int32Array.from(chosen, (i) => classes.indexOf(labels[i])), shape };
}

/** Writes a set: `<name>.json`, `<name>.images`, `<name>.labels`, and `<name>/<class>/<i>.png` to check with. */
async function write(name, train, check) {
  const classes = Math.max(...train.labels) + 1;
  writeFileSync(join(workFolder, `${name}.images`), train.images);
  writeFileSync(join(workFolder, `${name}.labels`), Uint8Array.from(train.labels));
  writeFileSync(
    join(workFolder, `${name}.json`),
    JSON.stringify({ shape: train.shape, classes, count: train.labels.length }),
  );
  const [height, width, channels] = check.shape;
  const size = height * width * channels;
  const order = Rng.fromSeed(1)
    .split('check-accuracy', name)
    .permutation(check.labels.length)
    .slice(0, CHECKED);
  for (const index of order) {
    const label = String(check.labels[index]).padStart(2, '0');
    for (const folder of [join(`${name}-labeled`, label), `${name}-unlabeled`]) {
      mkdirSync(join(workFolder, folder), { recursive: true });
      await sharp(check.images.subarray(index * size, (index + 1) * size), {
        raw: { height, width, channels },
      })
        .png()
        .toFile(join(workFolder, folder, `${String(index).padStart(5, '0')}.png`));
    }
  }
  console.log(`${name}: ${train.labels.length} images of ${classes} classes, ${order.length} to check with`);
}

const range = (n) => Array.from({ length: n }, (_, i) => i);
mkdirSync(workFolder, { recursive: true });

const fashion = fashionMnist(dataFolder);
const [fashionTrain, fashionTest] = [
  await allOf(await fashion.split('train')),
  await allOf(await fashion.split('test')),
];
await write('fashion', some(fashionTrain, range(10), 12_000), some(fashionTest, range(10), 10_000));

const glyphs = new Glyphs({});
await write('glyphs', await allOf(await glyphs.split('train')), await allOf(await glyphs.split('test')));

const fine = cifar100(dataFolder, { labels: 'fine' });
// bicycle, bottle, castle, chair, cockroach, mountain, orange, plain, tank, wardrobe
const TEN = [8, 9, 17, 20, 24, 49, 53, 60, 85, 94];
const [fineTrain, fineTest] = [await allOf(await fine.split('train')), await allOf(await fine.split('test'))];
await write('objects', some(fineTrain, TEN, 5000), some(fineTest, TEN, 1000));

const file = join(dataFolder, 'svhn-sample', 'train_first1083_32x32.mat');
const digits = { ...(await parseSvhn(file, readFileSync(file))), shape: [32, 32, 3] };
const cut = (from, to) => ({
  images: digits.images.subarray(from * 3072, to * 3072),
  labels: digits.labels.subarray(from, to),
  shape: digits.shape,
});
await write('digits', cut(0, 783), cut(783, 1083));

// The images of the published ResNet-20: a part of CIFAR-10's test images, one label byte before each image by planes.
const cifar = readFileSync(join(dataFolder, 'cifar-10-sample', 'test_1228.bin'));
const count = cifar.length / 3073;
const photos = new Uint8Array(count * 3072);
for (let i = 0; i < count; i++) {
  for (let p = 0; p < 1024; p++)
    for (let c = 0; c < 3; c++) photos[i * 3072 + p * 3 + c] = cifar[i * 3073 + 1 + c * 1024 + p];
}
const labels = Int32Array.from({ length: count }, (_, i) => cifar[i * 3073]);
await write(
  'cifar10',
  { images: new Uint8Array(), labels, shape: [32, 32, 3] },
  { images: photos, labels, shape: [32, 32, 3] },
);
