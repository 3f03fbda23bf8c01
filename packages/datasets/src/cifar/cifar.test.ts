import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { isAncError, type AncError } from '@anc/core';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseCifarBinary } from './binary.js';
import type { CifarSpec } from './cifar-spec.js';
import { cifar10, CifarDataset, cifar100 } from './cifar.js';
import { parseCifarPython } from './python.js';

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const planes = (value: number): Buffer =>
  Buffer.concat(
    [0, 1, 2].map((c) => Buffer.from(Uint8Array.from({ length: 1024 }, (_, p) => value + c * 50 + (p % 7)))),
  );
const record = (label: number, value: number): Buffer => Buffer.concat([Buffer.of(label), planes(value)]);

/** A batch as Python 2's cPickle wrote it: protocol 2, byte strings. */
function pickled(labels: readonly number[], data: Buffer, key = 'labels'): Buffer {
  const str = (s: string): Buffer => Buffer.concat([Buffer.of(0x55, s.length), Buffer.from(s)]);
  const u32 = (n: number): Buffer => {
    const b = Buffer.alloc(4);
    b.writeUInt32LE(n);
    return b;
  };
  const op = (s: string): Buffer => Buffer.from(s, 'latin1');
  return Buffer.concat([
    op('\x80\x02}q\x01('),
    str(key),
    op('q\x02]q\x03('),
    ...labels.map((label) => Buffer.of(0x4b, label)),
    op('e'),
    str('data'),
    op(
      'q\x04cnumpy.core.multiarray\n_reconstruct\nq\x05cnumpy\nndarray\nq\x06K\x00\x85q\x07U\x01b\x87Rq\x08(K\x01',
    ),
    op(`K${String.fromCharCode(labels.length)}M\x00\x0c\x86cnumpy\ndtype\nq\x09U\x02u1K\x00K\x01\x87Rq\x0a`),
    op('(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T'),
    u32(data.length),
    data,
    op('tbu.'),
  ]);
}

async function tarGz(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, bytes] of Object.entries(files)) tar.entry({ name }, bytes);
  tar.finalize();
  return gzipSync(await buffer(tar));
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isAncError(error)) return error.code;
    throw error;
  }
  return 'none';
}

const train = Buffer.concat([record(1, 10), record(0, 20)]);
const test = record(1, 30);
const python = {
  train: pickled([1, 0], Buffer.concat([planes(10), planes(20)])),
  test: pickled([1], planes(30)),
};
const archives = {
  binary: await tarGz({ 'b/train.bin': train, 'b/test.bin': test, '../../evil': Buffer.from('x') }),
  python: await tarGz({ 'p/train': python.train, 'p/test': python.test }),
  wrong: await tarGz({ 'p/train': train }),
  huge: await tarGz({ junk: Buffer.alloc(1 << 22) }),
};

const spec: CifarSpec = {
  name: 'tiny',
  classes: ['a', 'b'],
  labelBytes: 1,
  label: 0,
  labelKey: 'labels',
  sampleFolder: 'mini-sample',
  layouts: [
    {
      format: 'binary',
      archive: { name: 'tiny-binary.tar.gz', md5: md5(archives.binary) },
      folders: ['b'],
      splits: {
        train: [{ name: 'train.bin', count: 2, md5: md5(train) }],
        test: [{ name: 'test.bin', count: 1, md5: null }],
      },
    },
    {
      format: 'python',
      archive: { name: 'tiny-python.tar.gz', md5: null },
      folders: ['p'],
      splits: {
        train: [{ name: 'train', count: 2, md5: null }],
        test: [{ name: 'test', count: 1, md5: null }],
      },
    },
  ],
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-cifar-'));
  vi.stubEnv('ANC_DATA_DIR', dir); // the real files have some of the names, and are large
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

async function put(files: Readonly<Record<string, Uint8Array>>): Promise<CifarDataset> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(dir, name, '..'), { recursive: true });
    await writeFile(join(dir, name), bytes);
  }
  return new CifarDataset(spec, dir);
}
async function errorOf(work: Promise<unknown>): Promise<AncError> {
  const error: unknown = await work.catch((e: unknown) => e);
  if (!isAncError(error)) throw new Error('no AncError', { cause: error });
  return error;
}

describe('CifarDataset', () => {
  it.each([
    ['unpacked binary files', { 'b/train.bin': train }],
    ['unpacked python files', { 'p/train': python.train }],
    ['the binary archive', { 'tiny-binary.tar.gz': archives.binary }],
    ['the python archive', { 'tiny/tiny-python.tar.gz': archives.python }],
    ['files one folder deeper', { 'download/b/train.bin': train }],
    ['files in a folder of another name', { 'mine/train.bin': train }],
    ['an archive in a folder of another name', { 'x/y/tiny-binary.tar.gz': archives.binary }],
  ])('reads %s, planes turned into pixels', async (_, files) => {
    const { images, labels } = await (await put(files)).split('train');
    const out = new Uint8Array(3072);
    await images.read(Int32Array.of(1), out);
    expect([...out.subarray(0, 6)]).toEqual([20, 70, 120, 21, 71, 121]);
    expect([...(await labels!())]).toEqual([1, 0]);
  });

  it('takes no other file of that name from another folder', async () => {
    const other = await put({
      'other/train.bin': Buffer.concat([train.subarray(3073), train.subarray(0, 3073)]),
    });
    expect((await errorOf(other.split('train'))).code).toBe('ANC_DATA_MISSING');
    await mkdir(join(dir, 'p/train'), { recursive: true }); // a folder is no file
    expect((await errorOf(other.split('train'))).code).toBe('ANC_DATA_MISSING');
  });

  it('takes a file without a known checksum only from folders of the usual names', async () => {
    expect((await errorOf((await put({ 'mine/test.bin': test })).split('test'))).code).toBe(
      'ANC_DATA_MISSING',
    );
    const { labels } = await (await put({ 'download/b/test.bin': test })).split('test');
    expect([...(await labels!())]).toEqual([1]);
  });

  it('names the archives if there are no files', async () => {
    const error = await errorOf((await put({})).split('test'));
    expect(error.code).toBe('ANC_DATA_MISSING');
    expect(error.describe()).toMatch(/tiny-binary.tar.gz, tiny-python.tar.gz/);
  });

  it.each([
    ['an archive with a wrong checksum', { 'tiny-binary.tar.gz': archives.python }, /checksum/],
    ['a cut archive', { 'tiny-python.tar.gz': archives.python.subarray(0, 300) }, /not a complete/],
    ['an archive that is none', { 'tiny-python.tar.gz': Buffer.from('hello') }, /not a complete/],
    ['an archive without the files', { 'tiny-python.tar.gz': archives.wrong }, /missing/],
    ['a file of another length', { 'p/train': python.train.subarray(0, 4000) }, /not a pickle/],
    ['one of another count', { 'p/train': python.test }, /wrong array/],
    ['a huge archive', { 'tiny-python.tar.gz': archives.huge }, /more than expected/],
  ])('rejects %s', async (_, files, message) => {
    const error = await errorOf((await put(files)).split('train'));
    expect(error.code).toBe('ANC_DATA_CORRUPT');
    expect(error.message).toMatch(message);
  });
});

describe('parseCifarPython', () => {
  const parse = (bytes: Uint8Array) => parseCifarPython('f', bytes, 'labels', 1);

  it('executes no code', () => {
    const attack = Buffer.from('\x80\x02cos\nsystem\nU\x04true\x85R.', 'latin1');
    expect(() => parse(attack)).toThrow(
      expect.objectContaining({
        code: 'ANC_DATA_CORRUPT',
        message: 'f: not a pickle of plain data.',
        detail: expect.objectContaining({
          received: 'it refers to os.system, which is not plain data',
        }) as unknown,
      }),
    );
  });

  it('refuses a label that is no whole number', () => {
    const good = pickled([1], Buffer.alloc(3072));
    const at = good.indexOf(Buffer.from('labels')) + 'labels'.length;
    const label = good.indexOf(Buffer.from([0x4b, 1]), at); // BININT1
    const half = Buffer.alloc(9);
    half.write('G'); // BINFLOAT
    half.writeDoubleBE(1.5, 1);
    const bytes = Buffer.concat([good.subarray(0, label), half, good.subarray(label + 2)]);
    expect(() => parse(good)).not.toThrow();
    expect(() => parse(bytes)).toThrow(
      expect.objectContaining({
        code: 'ANC_DATA_CORRUPT',
        detail: expect.objectContaining({ expected: '1 labels', received: 'the label 1.5' }) as unknown,
      }),
    );
  });

  it('returns data or throws an AncError for any bytes', () => {
    const good = pickled([1], Buffer.alloc(3072));
    fc.assert(
      fc.property(fc.nat(250), fc.uint8Array({ minLength: 1, maxLength: 20 }), (at, noise) => {
        const damaged = Buffer.from(good);
        damaged.set(noise, at);
        codeOf(() => parse(damaged));
        codeOf(() => parse(noise));
      }),
      { numRuns: 500 },
    );
  });
});

describe('parseCifarBinary', () => {
  it.each([0, 1, 3072, 3074])('rejects %i bytes', (length) => {
    expect(codeOf(() => parseCifarBinary('f', new Uint8Array(length), 1, 0))).toBe('ANC_DATA_CORRUPT');
  });
});

const dataDir = process.env['ANC_DATA_DIR'] ?? resolve(import.meta.dirname, '../../../../../shared/data');
describe.runIf(existsSync(join(dataDir, 'cifar-10-sample')))('real CIFAR files', () => {
  it('reads a part of the test set if there is nothing else', async () => {
    const { images, labels } = await cifar10(join(dataDir, 'cifar-10-sample')).split('test');
    expect([images.count, (await labels!()).length]).toEqual([1228, 1228]);
    expect(images.shape).toEqual([32, 32, 3]);
    await expect(cifar10(join(dataDir, 'cifar-10-sample')).split('train')).rejects.toMatchObject({
      code: 'ANC_DATA_MISSING',
    });
  });

  it('reads the sample of CIFAR-10', () => {
    const bytes = readFileSync(join(dataDir, 'cifar-10-sample/test_1228.bin'));
    const { images, labels } = parseCifarBinary('sample', bytes, 1, 0);
    expect(images.length).toBe(1228 * 3072);
    expect([...labels.subarray(0, 4)]).toEqual([3, 8, 8, 0]); // cat, ship, ship, airplane: the test set's first images
  });

  it('reads CIFAR-100, fine and coarse', async () => {
    const fine = await cifar100(dataDir).split('test');
    const counts = new Array<number>(100).fill(0);
    for (const label of await fine.labels!()) counts[label]!++;
    expect(counts).toEqual(new Array(100).fill(100));
    const coarse = await cifar100(dataDir, { labels: 'coarse' }).split('test');
    expect(new Set(await coarse.labels!()).size).toBe(20);
  });
});
