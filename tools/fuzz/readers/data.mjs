/** Readers of datasets, archives and images. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import sharp from 'sharp';
import { pack } from 'tar-stream';
import { bytes, inside, OLD } from '../pieces.mjs';
import { numpy } from './pickles.mjs';

const [{ parseMat }, { parseMatStructs }, { parseIdx }, { TarImages }, { readTarGz }, { gunzipped }] =
  await Promise.all(
    [
      'matlab/mat-file',
      'matlab/mat-structs',
      'mnist/idx',
      'tar/tar-images',
      'files/tar-gz',
      'files/verified-file',
    ].map((path) => inside(`datasets/src/${path}`)),
  );
const { ParquetImages } = await inside('datasets/src/parquet/parquet-images');
const { parseCifarBinary } = await inside('datasets/src/cifar/binary');
const { parseCifarPython } = await inside('datasets/src/cifar/python');
const { decodeImageBytes } = await inside('datasets/src/image-folder/decode');

const mat = (() => {
  const element = (type, body) => {
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(type);
    tag.writeUInt32LE(body.length, 4);
    return Buffer.concat([tag, body, Buffer.alloc((8 - (body.length % 8)) % 8)]);
  };
  const ints = (...values) => Buffer.from(Int32Array.from(values).buffer);
  const parts = [
    element(6, ints(9, 0)),
    element(5, ints(2, 3)),
    element(1, Buffer.from('X')),
    element(2, Buffer.of(1, 2, 3, 4, 5, 6)),
  ];
  const header = Buffer.alloc(128, ' ');
  header.write('\x00\x01IM', 124, 'latin1');
  return Buffer.concat([header, element(14, Buffer.concat(parts))]);
})();
const tarFile = async () => {
  const inner = pack();
  inner.entry({ name: 'n01440764_1.JPEG', mtime: OLD }, 'picture');
  inner.finalize();
  const outer = pack();
  outer.entry({ name: 'n01440764.tar', mtime: OLD }, await buffer(inner));
  outer.entry({ name: `${'long/'.repeat(40)}x.png`, mtime: OLD }, 'picture');
  outer.finalize();
  return buffer(outer);
};
const parquet = Buffer.from(
  parquetWriteBuffer({
    columnData: [
      { name: 'image', data: [bytes(1, 2, 3), bytes(4), bytes(5, 6)], type: 'BYTE_ARRAY' },
      { name: 'label', data: [0n, 1n, 2n], type: 'INT64' },
    ],
  }),
);
const idx = bytes(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8);
const LIMIT = 1 << 16;

const image = (format) =>
  sharp({ create: { width: 24, height: 20, channels: 3, background: '#458' } })
    .toFormat(format)
    .toBuffer();
const readImage = (content) => decodeImageBytes(content, 'case', [16, 16, 3], null);

/** Writes a case to a file, for readers that take one. */
const IN_MEMORY = '/dev/shm';
const folder = mkdtempSync(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), 'anc-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const filed = (read) => (content) => {
  const path = join(folder, 'case');
  writeFileSync(path, content);
  return read(path);
};

/** @type {import('../targets.mjs').Target[]} */
export const data = [
  { name: 'IDX', file: idx, read: (b) => parseIdx('f', b) },
  { name: 'gzip', file: gzipSync(idx), read: (b) => gunzipped('f', b, LIMIT) },
  {
    name: 'CIFAR binary',
    file: Buffer.alloc(3073, 7),
    read: (b) => parseCifarBinary('f', b, 1, 0, 1, (n) => new Uint8Array(n)),
  },
  {
    name: 'CIFAR Python',
    file: numpy,
    read: (b) => parseCifarPython('f', b, 'labels', 1, (n) => new Uint8Array(n)),
  },
  { name: 'MAT', file: mat, read: (b) => parseMat('f', b, LIMIT) },
  { name: 'MAT structures', file: mat, read: (b) => parseMatStructs('f', b, LIMIT) },
  { name: 'tar', file: await tarFile(), read: filed((path) => TarImages.open(path)) },
  {
    name: 'tar.gz',
    file: gzipSync(await tarFile()),
    read: filed((path) => readTarGz(path, new Map([['x.png', 100]]))),
  },
  {
    name: 'Parquet',
    file: parquet,
    read: filed(async (path) => {
      const pictures = await ParquetImages.open([path]);
      await pictures.labels();
      return pictures.count > 0 ? pictures.read(0) : null;
    }),
  },
  { name: 'JPEG', file: await image('jpeg'), read: readImage },
  { name: 'PNG', file: await image('png'), read: readImage },
  { name: 'WebP', file: await image('webp'), read: readImage },
];
