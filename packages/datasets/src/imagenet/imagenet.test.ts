import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { deflateSync, gzipSync } from 'node:zlib';
import { isAncError, type AncError } from '@anc/core';
import { parquetWriteBuffer } from 'hyparquet-writer';
import sharp from 'sharp';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEVKIT, parseMeta, parseTruth } from './devkit.js';
import { ImageNet } from './imagenet.js';
import { tarLayout } from './tar-layout.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-imagenet-'));
  vi.stubEnv('ANC_DATA_DIR', '');
  vi.stubEnv('ANC_CACHE_DIR', join(dir, 'no-cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

/** A gray picture of one level. */
const jpeg = (level: number): Promise<Buffer> =>
  sharp({ create: { width: 12, height: 12, channels: 3, background: { r: level, g: level, b: level } } })
    .jpeg({ quality: 100 })
    .toBuffer();
async function tar(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const out = pack();
  for (const [name, bytes] of Object.entries(files)) out.entry({ name }, bytes);
  out.finalize();
  return await buffer(out);
}
async function errorOf(work: Promise<unknown>): Promise<AncError> {
  const error: unknown = await work.catch((e: unknown) => e);
  if (!isAncError(error)) throw new Error('no AncError', { cause: error });
  return error;
}
const [TENCH, SHARK] = ['n01440764', 'n01484850'] as const;

/** A MATLAB 5 element, and a structure array of (id, synset, words) as the kit's meta.mat has it. */
const element = (type: number, body: Buffer): Buffer => {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type);
  tag.writeUInt32LE(body.length, 4);
  return Buffer.concat([tag, body, Buffer.alloc((8 - (body.length % 8)) % 8)]);
};
const int32 = (...values: number[]): Buffer => Buffer.from(Int32Array.from(values).buffer);
const matrix = (kind: number, name: string, sizes: number[], ...content: Buffer[]): Buffer =>
  element(14, Buffer.concat([element(6, int32(kind, 0)), element(5, int32(...sizes)), element(1, Buffer.from(name)), ...content])); // prettier-ignore
const words = (text: string): Buffer =>
  matrix(4, '', [1, text.length], element(4, Buffer.from(Uint16Array.from(Buffer.from(text)).buffer)));
const number = (value: number): Buffer => matrix(6, '', [1, 1], element(2, Buffer.of(value)));
function meta(rows: readonly (readonly [number, string, string])[], compressed: boolean): Buffer {
  const names = Buffer.alloc(3 * 16);
  ['ILSVRC2012_ID', 'WNID', 'words'].forEach((name, i) => names.write(name, i * 16));
  const fields = rows.flatMap(([id, synset, name]) => [number(id), words(synset), words(name)]);
  const struct = matrix(2, 'synsets', [rows.length, 1], element(5, int32(16)), element(1, names), ...fields);
  const header = Buffer.alloc(128, ' ');
  header.write('\x00\x01IM', 124, 'latin1');
  const packed = deflateSync(struct);
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(15);
  tag.writeUInt32LE(packed.length, 4);
  return Buffer.concat([header, ...(compressed ? [tag, packed] : [struct])]);
}
// The kit numbers classes in an order of its own, and has inner nodes beyond them.
const META = [[1, SHARK, 'tiger shark, Galeocerdo'], [2, TENCH, 'tench, Tinca tinca'], [3, 'n00001740', 'entity']] as const; // prettier-ignore

async function putTars(): Promise<void> {
  await writeFile(
    join(dir, 'ILSVRC2012_img_train.tar'),
    await tar({
      [`${SHARK}.tar`]: await tar({ [`${SHARK}_7.JPEG`]: await jpeg(200) }),
      [`${TENCH}.tar`]: await tar({
        [`${TENCH}_1.JPEG`]: await jpeg(10),
        [`${TENCH}_2.JPEG`]: await jpeg(20),
      }),
    }),
  );
  await writeFile(
    join(dir, 'ILSVRC2012_img_val.tar'),
    await tar({
      'ILSVRC2012_val_00000002.JPEG': await jpeg(90),
      'ILSVRC2012_val_00000001.JPEG': await jpeg(50),
    }),
  );
}
const kit = async (): Promise<Buffer> =>
  gzipSync(
    await tar({
      'ILSVRC2012_devkit_t12/data/meta.mat': meta(META, true),
      'ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt': Buffer.from('2\n1\n'),
    }),
  );
const levels = async (
  images: { readonly count: number; read(i: Int32Array, out: Uint8Array): unknown },
  size: number,
): Promise<number[]> => {
  const out = new Uint8Array(images.count * size);
  await images.read(Int32Array.from({ length: images.count }, (_, i) => i), out); // prettier-ignore
  return Array.from({ length: images.count }, (_, i) => out[i * size]!);
};

describe('the official archives', () => {
  it("are read in place, with the kit's classes sorted by synset", async () => {
    await putTars();
    await writeFile(join(dir, DEVKIT.name), await kit());
    const layout = (await tarLayout(dir, null))!;
    expect(layout.classes).toEqual(['tench', 'tiger shark']);
    const train = await layout.open('train');
    expect([...(await train.labels())]).toEqual([0, 0, 1]);
    expect(train.encoded.name(2)).toBe(`${SHARK}/${SHARK}_7.JPEG`);
    const test = await layout.open('test');
    expect([...(await test.labels())]).toEqual([0, 1]);
    expect(test.encoded.name(0)).toBe('ILSVRC2012_val_00000001.JPEG');
  });

  it('train without the kit, which validation needs', async () => {
    await putTars();
    const imagenet = await ImageNet.open({ size: 8 }, dir, 0);
    expect(imagenet.classes).toEqual([TENCH, SHARK]);
    const { images, labels } = await imagenet.split('train');
    expect([...(await labels!())]).toEqual([0, 0, 1]);
    expect(await levels(images, 192)).toEqual([10, 20, 200]);
    const error = await errorOf(imagenet.split('test'));
    expect(error.describe()).toContain('ILSVRC2012_devkit_t12.tar.gz');
  });

  it('are refused if they are cut short; so is a kit with other bytes', async () => {
    await putTars();
    await writeFile(join(dir, DEVKIT.name), await kit());
    expect((await errorOf(ImageNet.open({}, dir, 0))).message).toMatch(/wrong checksum/);
    await rm(join(dir, DEVKIT.name));
    await truncate(join(dir, 'ILSVRC2012_img_train.tar'), 1200);
    expect((await errorOf(ImageNet.open({}, dir, 0))).message).toMatch(/cut short/);
    await writeFile(join(dir, 'ILSVRC2012_img_train.tar'), Buffer.alloc(2048, 'x'));
    expect((await errorOf(ImageNet.open({}, dir, 0))).message).toMatch(/not a tar archive/);
  });
});

describe('the development kit', () => {
  it.each([true, false])('has readable structures, compressed: %s', async (compressed) => {
    expect([...(await parseMeta('m', meta(META, compressed)))]).toEqual([
      [1, [SHARK, 'tiger shark']],
      [2, [TENCH, 'tench']],
      [3, ['n00001740', 'entity']],
    ]);
  });

  it('is refused if its lists are damaged', async () => {
    expect(() => parseTruth('t', Buffer.from('1\n2\nx\n'))).toThrow(/ground truth/);
    expect(parseTruth('t', Buffer.from('490\r\n361\r\n'))).toEqual([490, 361]);
    expect((await errorOf(parseMeta('m', meta([], false)))).code).toBe('ANC_DATA_CORRUPT');
  });
});

describe('parquet shards', () => {
  const shard = async (level: readonly number[], label: readonly number[], names = true): Promise<Buffer> => {
    const bytes = await Promise.all(level.map(jpeg));
    const features = {
      image: { _type: 'Image' },
      label: { names: ['tench', 'tiger shark'], _type: 'ClassLabel' },
    };
    return Buffer.from(
      parquetWriteBuffer({
        columnData: [
          { name: 'image', data: bytes.map((b) => new Uint8Array(b)), type: 'BYTE_ARRAY' },
          { name: 'label', data: label.map(BigInt), type: 'INT64' },
        ],
        rowGroupSize: 2,
        kvMetadata: names ? [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }] : [],
      }),
    );
  };

  it('have images and labels over shards and row groups', async () => {
    await mkdir(join(dir, 'imagenet/data'), { recursive: true });
    const put = (name: string, bytes: Buffer) => writeFile(join(dir, 'imagenet/data', name), bytes);
    await put('train-00000-of-00002.parquet', await shard([10, 20, 30], [0, 1, 1]));
    await put('train-00001-of-00002.parquet', await shard([40], [0]));
    const imagenet = await ImageNet.open({ size: 8 }, dir, 0);
    expect(imagenet.classes).toEqual(['tench', 'tiger shark']);
    const { images, labels } = await imagenet.split('train');
    expect([...(await labels!())]).toEqual([0, 1, 1, 0]);
    expect(await levels(images, 192)).toEqual([10, 20, 30, 40]);
    expect(new Set(Array.from({ length: 4 }, (_, i) => images.sampleKey!(i))).size).toBe(4);
    const error = await errorOf(imagenet.split('test'));
    expect(error.describe()).toContain('validation-*.parquet');
    await put('train-00001-of-00002.parquet', (await shard([40], [7])).subarray(0, 300));
    expect((await errorOf(imagenet.split('train'))).code).toBe('ANC_DATA_CORRUPT');
  });

  it('number their classes if they have no names', async () => {
    await writeFile(join(dir, 'validation-0.parquet'), await shard([10, 20], [0, 2], false));
    const imagenet = await ImageNet.open({ size: 8 }, dir, 0);
    expect(imagenet.classes).toEqual(['0', '1', '2']);
  });
});
