/**
 * Every augmentation against torchvision's functional form on the same draws, to one level of 255:
 * augmentations-reference.py applies the recorded draws to the same images. Both interpolations, images of one and three
 * channels, square or not, down to one pixel. Magnitudes of RandAugment and TrivialAugment are compared bin by bin.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMixing, Rng } from '@anc/core';
import { createAugmentation } from '@anc/datasets';
import { pythonWith } from '../ci/python.mjs';

const DRAWS = 24;
const SHAPES = [
  [32, 32, 3],
  [28, 28, 1],
  [17, 40, 3],
  [3, 5, 3],
  [1, 1, 1],
];
const both = (name, options) =>
  ['nearest', 'bilinear'].map((interpolation) => [name, { ...options, interpolation }]);
const VARIANTS = [
  ['crop', { pad: 1 }],
  ['flip', {}],
  ['resize-crop', {}],
  ['resize-crop', { scale: [0.5, 0.9], ratio: [0.5, 2] }],
  ...both('rotate', { degrees: 180 }),
  ...both('scale', { scale: [0.5, 1.8] }),
  ['translate', { share: 0.4 }],
  ...both('affine', { degrees: 45, translate: [0.2, 0.3], scale: [0.7, 1.3], shear: 25 }),
  ['color-jitter', { hue: 0.1 }],
  ['color-jitter', { brightness: 0.9, contrast: 0, saturation: 0 }],
  ['color-jitter', { brightness: 0, contrast: 0.9, saturation: 0 }],
  ['color-jitter', { brightness: 0, contrast: 0, saturation: 0.9 }],
  ['color-jitter', { strength: 0, hue: 0.5 }],
  ['grayscale', { p: 1 }],
  ['blur', { kernel: 3 }],
  ['blur', { kernel: 7, sigma: [0.5, 3] }],
  ['random-erasing', { p: 1, value: 9 }],
  ...[0, 9, 30].flatMap((magnitude) => both('rand-augment', { operations: 1, magnitude })),
  ...both('trivial-augment', {}),
  ['mixup', { alpha: 1 }],
  ['cutmix', { alpha: 1 }],
];

const folder = mkdtempSync(join(tmpdir(), 'anc-augmentations-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const python = pythonWith(folder, ['numpy==2.2.6', 'torch==2.9.1', 'torchvision==0.24.1']);

/** A smooth picture and one of noise: the one shows wrong rounding, the other pixels from a wrong place. */
function pictureOf([height, width, channels], kind, rng) {
  const out = new Uint8Array(height * width * channels);
  for (let i = 0; i < out.length; i++) {
    const [c, x, y] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    const wave = 127 + 120 * Math.sin(0.3 * x + 0.2 * y * (c + 1) + c);
    out[i] = kind === 'smooth' ? Math.round(wave) : rng.int(256);
  }
  return out;
}

const cases = [];
const pixels = [];
for (const [name, options] of VARIANTS) {
  for (const shape of SHAPES) {
    const augmentation = createAugmentation(
      name,
      name === 'crop' ? { pad: Math.min(4, ...shape.slice(0, 2)) } : options,
      shape,
    );
    const draws = /augment/.test(name) ? 3 * DRAWS : DRAWS;
    for (let draw = 0; draw < draws; draw++) {
      const rng = Rng.fromSeed(draw).split(name, ...shape);
      const record = augmentation.draw(rng);
      if (record === null) continue;
      const [image, partner] = ['image', 'partner'].map((which) =>
        pictureOf(shape, draw % 2 === 0 ? 'smooth' : 'noise', rng.split(which)),
      );
      const out = new Uint8Array(image.length);
      if (isMixing(augmentation)) augmentation.mix(image, partner, record, out);
      else augmentation.apply(image, record, out);
      cases.push({ name, options, shape, record });
      pixels.push(image, partner, out);
    }
  }
}

/** What is drawn for the strength of every bin, by operation. */
function magnitudes(name, options, bins) {
  const found = {};
  for (let bin = 0; bin < bins; bin++) {
    const augmentation = createAugmentation(name, options(bin), [20, 33, 3]);
    for (let seed = 0; seed < 400; seed++) {
      for (const { operation, magnitude } of [augmentation.draw(Rng.fromSeed(400 * bin + seed))].flat())
        (found[operation] ??= new Set()).add(Math.abs(magnitude));
    }
  }
  return Object.fromEntries(Object.entries(found).map(([key, set]) => [key, [...set].sort((a, b) => a - b)]));
}
const bins = {
  RandAugment: magnitudes('rand-augment', (magnitude) => ({ operations: 14, magnitude }), 31),
  TrivialAugmentWide: magnitudes('trivial-augment', () => ({}), 20),
};

writeFileSync(join(folder, 'cases.json'), JSON.stringify({ cases, bins }));
writeFileSync(join(folder, 'pixels.bin'), Buffer.concat(pixels));
const reference = readFileSync(fileURLToPath(new URL('augmentations-reference.py', import.meta.url)), 'utf8');
const { found, wrong } = JSON.parse(python(reference, [folder]));
console.table(found);
if (cases.length < 2000) throw new Error(`only ${cases.length} draws were compared`);
for (const problem of wrong.slice(0, 20)) console.log(problem);
console.log(`${cases.length} draws compared with torchvision, ${wrong.length} wrong`);
process.exitCode = wrong.length === 0 ? 0 : 1;
