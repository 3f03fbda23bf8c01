import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { deflateSync, gzipSync } from 'node:zlib';
import { isAncError } from '@anc/core';
import { mutated } from '@anc/testing';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCifarBinary } from './cifar/binary.js';
import { readTarGz } from './files/tar-gz.js';
import { gunzipped } from './files/verified-file.js';
import { parseMeta, parseTruth } from './imagenet/devkit.js';
import { parseMat } from './matlab/mat-file.js';
import { parseMatStructs } from './matlab/mat-structs.js';
import { parseIdx } from './mnist/idx.js';
import { ParquetImages } from './parquet/parquet-images.js';
import { parseSvhn } from './svhn/svhn.js';
import { TarImages } from './tar/tar-images.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-fuzz-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Bytes of a MATLAB file with one small numeric matrix, compressed or not. */
const mat = (compressed: boolean): Buffer => {
  const element = (type: number, body: Buffer): Buffer => {
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(type);
    tag.writeUInt32LE(body.length, 4);
    return Buffer.concat([tag, body, Buffer.alloc((8 - (body.length % 8)) % 8)]);
  };
  const ints = (...values: number[]): Buffer => Buffer.from(Int32Array.from(values).buffer);
  const matrix = element(
    14,
    Buffer.concat([
      element(6, ints(9, 0)),
      element(5, ints(2, 3)),
      element(1, Buffer.from('X')),
      element(2, Buffer.of(1, 2, 3, 4, 5, 6)),
    ]),
  );
  const header = Buffer.alloc(128, ' ');
  header.write('\x00\x01IM', 124, 'latin1');
  if (!compressed) return Buffer.concat([header, matrix]);
  const packed = deflateSync(matrix);
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(15);
  tag.writeUInt32LE(packed.length, 4);
  return Buffer.concat([header, tag, packed]);
};
const tar = async (): Promise<Buffer> => {
  const inner = pack();
  inner.entry({ name: 'n01440764_1.JPEG' }, 'picture');
  inner.finalize();
  const outer = pack();
  outer.entry({ name: 'n01440764.tar' }, await buffer(inner));
  outer.entry({ name: `${'long/'.repeat(40)}x.png` }, 'picture');
  outer.finalize();
  return await buffer(outer);
};
const parquet = Buffer.from(
  parquetWriteBuffer({
    columnData: [
      {
        name: 'image',
        data: [Uint8Array.of(1, 2, 3), Uint8Array.of(4), Uint8Array.of(5, 6)],
        type: 'BYTE_ARRAY',
      },
      { name: 'label', data: [0n, 1n, 2n], type: 'INT64' },
    ],
  }),
);
const idx = Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]);

/** Writes bytes to a file for parsers that read one. */
const filed =
  (parse: (path: string) => Promise<unknown>) =>
  async (bytes: Uint8Array): Promise<unknown> => {
    const path = join(dir, 'damaged');
    await writeFile(path, bytes);
    return await parse(path);
  };
const LIMIT = 1 << 16;

const parsers: readonly (readonly [string, Buffer, (bytes: Uint8Array) => unknown])[] = [
  ['IDX', idx, (bytes) => parseIdx('f', bytes)],
  ['gzip', gzipSync(idx), (bytes) => gunzipped('f', bytes, LIMIT)],
  ['CIFAR’s binary layout', Buffer.alloc(3073, 7), (bytes) => parseCifarBinary('f', bytes, 1, 0, null)],
  ['MAT', mat(false), (bytes) => parseMat('f', bytes, LIMIT)],
  ['compressed MAT', mat(true), (bytes) => parseMat('f', bytes, LIMIT)],
  ['MAT structures', mat(false), (bytes) => parseMatStructs('f', bytes, LIMIT)],
  ['SVHN', mat(false), (bytes) => parseSvhn('f', bytes)],
  ['ImageNet’s classes', mat(false), (bytes) => parseMeta('f', bytes)],
  ['ImageNet’s answers', Buffer.from('1\n2\n1000\n'), (bytes) => parseTruth('f', bytes)],
  ['tar', await tar(), filed((path) => TarImages.open(path))],
  ['tar.gz', gzipSync(await tar()), filed((path) => readTarGz(path, new Map([['x.png', 100]])))],
  [
    'parquet',
    parquet,
    filed(async (path) => {
      const pictures = await ParquetImages.open([path]);
      await pictures.labels();
      return pictures.count > 0 ? await pictures.read(0) : null;
    }),
  ],
];

/** One to four runs of bytes written over a good file, and perhaps its end cut off. */
const damages = (length: number) =>
  fc.record({
    patches: fc.array(
      fc.record({
        at: fc.nat(Math.max(0, length - 1)),
        bytes: fc.oneof(
          fc.uint8Array({ minLength: 1, maxLength: 8 }),
          fc.constantFrom(
            Uint8Array.of(255, 255, 255, 255),
            Uint8Array.of(255, 255, 255, 127),
            new Uint8Array(8),
          ),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    keep: fc.option(fc.nat(length)),
  });

describe.each(parsers)('%s', (_, good, parse) => {
  it('returns data or throws an AncError for damaged files, in a short time', async () => {
    const work = async (bytes: Uint8Array): Promise<void> => {
      try {
        await parse(bytes);
      } catch (error) {
        if (!isAncError(error)) throw error;
      }
    };
    await fc.assert(
      fc.asyncProperty(damages(good.length), async ({ patches, keep }) => {
        const damaged = Buffer.from(good);
        for (const { at, bytes } of patches) damaged.set(bytes.subarray(0, good.length - at), at);
        await work(keep === null ? damaged : damaged.subarray(0, keep));
      }),
      { numRuns: 150 },
    );
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), work), { numRuns: 50 });
    const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    await fc.assert(
      fc.asyncProperty(seeds, (seed) => work(mutated(good, seed))),
      { numRuns: 80 },
    );
  });
});

// A part beyond the file, which the reader requested beside others, was refused without anybody waiting for it.
it('leaves no failure of Parquet unhandled', async () => {
  const [, good, parse] = parsers.find(([name]) => name === 'parquet')!;
  await expect(parse(mutated(good, 984))).rejects.toSatisfy(isAncError);
});

// Columns of one name, of which the reader awaited one; levels without a length, which it followed without an end.
it.each([5368, 10525, 14815, 22380, 22737, 25823, 27630, 37477, 38780, 48204, 50726, 53651])(
  'refuses a Parquet file that it had once failed at: %d',
  async (seed) => {
    const [, good, parse] = parsers.find(([name]) => name === 'parquet')!;
    await expect(parse(mutated(good, seed))).rejects.toSatisfy(isAncError);
  },
);

it('reads every undamaged file', async () => {
  for (const [name, good, parse] of parsers) {
    const refused = await Promise.resolve()
      .then(() => parse(good))
      .then(
        () => false,
        (error: unknown) => isAncError(error),
      );
    expect([name, refused]).toEqual([name, ['SVHN', 'ImageNet’s classes'].includes(name)]);
  }
});
