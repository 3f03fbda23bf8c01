import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Dataset } from '@anc/core';
import { Glyphs, MemoryImages } from '@anc/datasets';
import { described } from './candidates.mjs';

/** Pictures without labels: `train` to learn from, `test` to measure on. */
class Pictures extends Dataset {
  constructor(name, shape, parts) {
    super();
    this.name = name;
    this.shape = shape;
    this.classes = Array.from({ length: 10 }, (_, i) => `${i}`);
    this.parts = parts;
  }

  split(name) {
    return Promise.resolve({ images: new MemoryImages(this.parts[name], this.shape), labels: null });
  }
}

/** Images of CIFAR-100, [32, 32, 3] each, from its channel by channel order. */
function cifar100(file) {
  const count = file.length / 3074;
  const pixels = new Uint8Array(count * 3072);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++)
      for (let p = 0; p < 1024; p++) pixels[i * 3072 + p * 3 + c] = file[i * 3074 + 2 + c * 1024 + p];
  return pixels;
}

/**
 * Teachers with their pictures. `all`: bytes of all pictures, of training files alone. The first of them are what agreement
 * is measured on, which no student sees; those to learn from follow.
 */
export const pairs = {
  fashion: {
    teacher: (data) => join(data, 'models', 'fashion-mnist-cnn.onnx'),
    student: 'lenet5',
    shape: [28, 28, 1],
    all: (data) =>
      gunzipSync(readFileSync(join(data, 'fashion-mnist', 'train-images-idx3-ubyte.gz'))).subarray(16),
  },
  cifar: {
    teacher: (_, work) => join(work, 'resnet20.safetensors'),
    student: 'resnet(depth=8,width=0.5)',
    shape: [32, 32, 3],
    all: (data) => cifar100(readFileSync(join(data, 'cifar-100-binary', 'train.bin'))),
  },
  glyphs: {
    teacher: (_, work) => join(work, 'glyphs'),
    student: 'cnn-student',
    shape: [28, 28, 1],
    all: async () => (await new Glyphs({ train: 22_000, test: 1, seed: 12 }).split('train')).images.bytes,
  },
};

/** A pair's pictures with `size` of them to learn from. */
export async function picturesOf(name, size, data) {
  const { shape, all } = pairs[name];
  const { measured } = described[name];
  const bytes = await all(data);
  const each = shape[0] * shape[1] * shape[2];
  const part = (from, count) => Uint8Array.from(bytes.subarray(from * each, (from + count) * each));
  return new Pictures(`${name}-${size}`, shape, { test: part(0, measured), train: part(measured, size) });
}
