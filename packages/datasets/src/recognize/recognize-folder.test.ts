import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recognizeFolder } from './recognize-folder.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-recognize-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it.each([
  [['cat/1.png'], [], true],
  [['notes.txt'], [], false],
  [['x/cifar-10-batches-py/data_batch_1'], ['cifar10'], false],
  [['test_batch.bin'], ['cifar10'], false],
  [['cifar-100-python/train'], ['cifar100'], false],
  [['train/1.png', 'test/1.png'], [], true],
  [['test_32x32.mat', 'cifar/data_batch_1.bin'], ['cifar10', 'svhn'], false],
  [['imagenet_class_index.json', 'val/n01440764/1.jpg'], ['imagenet'], true],
])('%j', async (files, datasets, hasImages) => {
  for (const file of files) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), 'x');
  }
  expect(await recognizeFolder(dir)).toEqual({ datasets, hasImages });
});

it('takes no file for MNIST by its name alone', async () => {
  await writeFile(join(dir, 't10k-labels-idx1-ubyte.gz'), gzipSync('x'));
  expect((await recognizeFolder(dir)).datasets).toEqual([]);
});
