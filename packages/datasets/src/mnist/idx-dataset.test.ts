import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { isAncError, type AncError } from '@anc/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IdxDataset, type IdxSpec } from './idx-dataset.js';
import { fashionMnist } from './mnist.js';

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const idxGz = (sizes: readonly number[], data: readonly number[]): Uint8Array => {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.set([0, 0, 8, sizes.length]);
  sizes.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return gzipSync(Buffer.concat([header, Buffer.from(data)]));
};

const pixels = [0, 50, 100, 150, 200, 250];
const files = { images: idxGz([3, 1, 2], pixels), labels: idxGz([3], [1, 0, 1]) };

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-idx-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function tiny(
  change: { images?: Uint8Array; labels?: Uint8Array; unchecked?: boolean; folder?: string } = {},
): Promise<IdxDataset> {
  const folder = join(dir, change.folder ?? 'tiny');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'images.gz'), change.images ?? files.images);
  await writeFile(join(folder, 'labels.gz'), change.labels ?? files.labels);
  const part = {
    count: 3,
    images: { name: 'images.gz', md5: change.unchecked ? null : md5(files.images) },
    labels: { name: 'labels.gz', md5: change.unchecked ? null : md5(files.labels) },
  };
  const spec: IdxSpec = {
    name: 'tiny',
    folders: ['tiny'],
    classes: ['a', 'b'],
    shape: [1, 2, 1],
    splits: { train: part, test: part },
  };
  return new IdxDataset(spec, dir);
}

/** The same files, wherever the test put them. */
async function spec(): Promise<IdxDataset> {
  const of = (name: 'images' | 'labels') => ({
    name: `${name}.gz`,
    md5: md5(files[name]),
    unpackedMd5: md5(gunzipSync(files[name])),
  });
  const part = { count: 3, images: of('images'), labels: of('labels') };
  const splits = { train: part, test: part };
  return Promise.resolve(
    new IdxDataset({ name: 'tiny', folders: ['tiny'], classes: ['a', 'b'], shape: [1, 2, 1], splits }, dir),
  );
}

async function errorOf(work: Promise<unknown>): Promise<AncError> {
  const error: unknown = await work.then(
    () => new Error('no error'),
    (e: unknown) => e,
  );
  if (!isAncError(error)) throw error;
  return error;
}

describe('IdxDataset', () => {
  const unpacked = { images: gunzipSync(files.images), labels: gunzipSync(files.labels) };
  it.each([
    ['unpacked', '.', 'images', 'labels', unpacked],
    ['unpacked in a folder of its own name', 'images', 'images', '../images/labels', unpacked],
    ['packed, two folders deeper', 'download/raw', 'images.gz', 'labels.gz', files],
  ])('reads files that are %s', async (_, folder, images, labels, content) => {
    await mkdir(join(dir, folder), { recursive: true });
    await writeFile(join(dir, folder, images), content.images);
    await writeFile(join(dir, folder, labels), content.labels);
    const read = await (await spec()).split('test');
    const out = new Uint8Array(2);
    await read.images.read(Int32Array.of(2), out);
    expect([[...out], [...(await read.labels!())]]).toEqual([
      [200, 250],
      [1, 0, 1],
    ]);
  });

  it('takes no file of another dataset that has the same name, in another folder', async () => {
    await mkdir(join(dir, 'other'));
    await writeFile(join(dir, 'other/images.gz'), idxGz([3, 1, 2], [1, 2, 3, 4, 5, 6]));
    await writeFile(join(dir, 'other/images'), gunzipSync(idxGz([3, 1, 2], [1, 2, 3, 4, 5, 6])));
    expect((await errorOf((await spec()).split('test'))).code).toBe('ANC_DATA_MISSING');
    await writeFile(join(dir, 'images'), gunzipSync(idxGz([3, 1, 2], [1, 2, 3, 4, 5, 6])));
    expect((await errorOf((await spec()).split('test'))).message).toContain('wrong checksum');
  });

  it.each(['tiny', '.'])(
    'reads images and labels from the data folder or its own folder in it (%s)',
    async (folder) => {
      const { images, labels } = await (await tiny({ folder })).split('train');
      const out = new Uint8Array(4);
      await images.read(Int32Array.of(2, 0), out);
      expect([...out]).toEqual([200, 250, 0, 50]);
      expect([...(await labels!())]).toEqual([1, 0, 1]);
    },
  );

  it('names a missing file and the searched folders', async () => {
    const dataset = await tiny();
    await rm(join(dir, 'tiny', 'images.gz'));
    const error = await errorOf(dataset.split('train'));
    expect(error.code).toBe('ANC_DATA_MISSING');
    expect(error.describe()).toContain('images.gz');
    expect(error.describe()).toContain(join(dir, 'tiny'));
  });

  it('reports both checksums of a damaged file', async () => {
    const damaged = Uint8Array.from(files.images);
    damaged[damaged.length - 1]! ^= 1;
    const error = await errorOf((await tiny({ images: damaged })).split('train'));
    expect(error.code).toBe('ANC_DATA_CORRUPT');
    expect(error.detail.expected).toContain(md5(files.images));
    expect(error.detail.received).toContain(md5(damaged));
  });

  it('does not read labels before they are requested', async () => {
    const dataset = await tiny({ labels: Uint8Array.of(1, 2, 3) });
    const { labels } = await dataset.split('train');
    expect((await errorOf(labels!())).code).toBe('ANC_DATA_CORRUPT');
  });

  it.each([
    ['cut short', { images: files.images.subarray(0, files.images.length - 9) }, /gzip/],
    ['not gzip', { images: Uint8Array.of(7, 7, 7) }, /gzip/],
    ['of another size', { images: idxGz([3, 2, 1], pixels) }, /wrong sizes/],
    ['of another count', { images: idxGz([2, 1, 2], pixels.slice(2)) }, /wrong sizes/],
    ['a gzip bomb', { images: gzipSync(Buffer.alloc(1 << 20)) }, /unpacks to more/],
  ])('rejects an unchecked file that is %s', async (_, change, message) => {
    const error = await errorOf((await tiny({ ...change, unchecked: true })).split('train'));
    expect(error.code).toBe('ANC_DATA_CORRUPT');
    expect(error.message).toMatch(message);
  });

  it('refuses a label outside of the classes', async () => {
    const { labels } = await (await tiny({ labels: idxGz([3], [0, 1, 2]), unchecked: true })).split('train');
    expect((await errorOf(labels!())).message).toMatch(/label 2 is out of range/);
  });
});

const dataDir = process.env['ANC_DATA_DIR'] ?? resolve(import.meta.dirname, '../../../../../shared/data');

describe.runIf(existsSync(join(dataDir, 'fashion-mnist')))('the official Fashion-MNIST files', () => {
  it('has 10,000 test images, 1,000 of each class', async () => {
    const { images, labels } = await fashionMnist(dataDir).split('test');
    expect(images.count).toBe(10_000);
    const counts = new Array<number>(10).fill(0);
    for (const label of await labels!()) counts[label]!++;
    expect(counts).toEqual(new Array(10).fill(1000));
  });
});
