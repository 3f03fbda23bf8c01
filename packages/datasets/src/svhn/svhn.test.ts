import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { deflateSync } from 'node:zlib';
import { isAncError } from '@anc/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMat } from '../matlab/mat-file.js';
import { parseSvhn } from './svhn.js';

interface Made {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: 2 | 9;
  readonly data: readonly number[];
}

/** A MAT 5 file, written from the format's description. */
function mat(arrays: readonly Made[], { little = true, compressed = false } = {}): Buffer {
  const u32 = (...values: number[]): Buffer => {
    const b = Buffer.alloc(4 * values.length);
    values.forEach((v, i) => (little ? b.writeUInt32LE(v, 4 * i) : b.writeUInt32BE(v, 4 * i)));
    return b;
  };
  const element = (type: number, body: Buffer): Buffer =>
    Buffer.concat([u32(type, body.length), body, Buffer.alloc((8 - (body.length % 8)) % 8)]);
  const body = ({ type, data }: Made): Buffer => {
    if (type === 2) return Buffer.from(data);
    const b = Buffer.alloc(8 * data.length);
    data.forEach((v, i) => (little ? b.writeDoubleLE(v, 8 * i) : b.writeDoubleBE(v, 8 * i)));
    return b;
  };
  const header = Buffer.concat([
    Buffer.alloc(124, ' '),
    Buffer.from([0, 1]),
    Buffer.from(little ? 'IM' : 'MI'),
  ]);
  const elements = arrays.map((array) => {
    const parts = [
      element(6, u32(array.type === 2 ? 9 : 6, 0)),
      element(5, u32(...array.shape)),
      element(1, Buffer.from(array.name)),
      element(array.type, body(array)),
    ];
    const matrix = element(14, Buffer.concat(parts));
    if (!compressed) return matrix;
    const packed = deflateSync(matrix);
    return Buffer.concat([u32(15, packed.length), packed]);
  });
  return Buffer.concat([header, ...elements]);
}

const pixels = Array.from({ length: 2 * 3072 }, (_, i) => (i * 7) % 251);
const svhn: readonly Made[] = [
  { name: 'X', shape: [32, 32, 3, 2], type: 2, data: pixels },
  { name: 'y', shape: [2, 1], type: 9, data: [10, 3] },
];
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => {
      if (isAncError(error)) return error.code;
      throw error;
    },
  );

describe('parseSvhn', () => {
  it.each([
    { little: true, compressed: false },
    { little: true, compressed: true },
    { little: false, compressed: true },
  ])('reads columns as rows and label 10 as the digit 0 (%o)', async (how) => {
    const { images, labels } = await parseSvhn('f', mat(svhn, how), 2);
    expect([...labels]).toEqual([0, 3]);
    for (const [n, y, x, c] of [
      [0, 0, 0, 0],
      [1, 5, 9, 2],
      [1, 31, 30, 1],
    ] as const) {
      expect(images[((n * 32 + y) * 32 + x) * 3 + c]).toBe(pixels[y + 32 * x + 1024 * c + 3072 * n]);
    }
  });

  it.each([
    ['another count', mat(svhn), 3, /wrong array X/],
    ['no labels', mat(svhn.slice(0, 1)), null, /not a cropped SVHN/],
    ['a label of 11', mat([svhn[0]!, { ...svhn[1]!, data: [11, 1] }]), null, /label 0 is out of range/],
    ['too few labels', mat([svhn[0]!, { ...svhn[1]!, shape: [1, 1], data: [1] }]), null, /wrong array y/],
    ['sizes that contradict the data', mat([{ ...svhn[0]!, shape: [32, 32, 3, 99] }]), null, /contradict/],
    [
      'a bomb',
      mat([{ ...svhn[0]!, shape: [1, 1 << 20], data: new Array<number>(1 << 20).fill(0) }], {
        compressed: true,
      }),
      null,
      /more than it should/,
    ],
    ['a cut file', mat(svhn).subarray(0, 3000), null, /cut short/],
    ['no header', Buffer.alloc(50), null, /not a MATLAB 5/],
  ])('rejects %s', async (_, bytes, count, message) => {
    await expect(parseSvhn('some.mat', bytes, count)).rejects.toThrow(message);
    expect(await codeOf(parseSvhn('some.mat', bytes, count))).toBe('ANC_DATA_CORRUPT');
  });
});

describe('parseMat', () => {
  it('returns arrays or an AncError for any damage', async () => {
    const small = [{ name: 'X', shape: [2, 3], type: 2, data: [1, 2, 3, 4, 5, 6] }] as const;
    const files = [mat(small), mat(small, { compressed: true })];
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1),
        fc.integer({ min: 120, max: 230 }),
        fc.uint8Array({ maxLength: 12 }),
        async (which, at, noise) => {
          const damaged = Buffer.from(files[which]!);
          damaged.set(noise.subarray(0, Math.max(0, damaged.length - at)), Math.min(at, damaged.length));
          expect(['none', 'ANC_DATA_CORRUPT']).toContain(await codeOf(parseMat('f', damaged, 1 << 16)));
          expect(['none', 'ANC_DATA_CORRUPT']).toContain(
            await codeOf(parseMat('f', damaged.subarray(0, at), 1 << 16)),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});

const dataDir = process.env['ANC_DATA_DIR'] ?? resolve(import.meta.dirname, '../../../../../shared/data');
describe.runIf(existsSync(join(dataDir, 'svhn-sample')))('real SVHN files', () => {
  it('reads the sample', async () => {
    const bytes = readFileSync(join(dataDir, 'svhn-sample/train_first1083_32x32.mat'));
    const { images, labels } = await parseSvhn('sample', bytes, 1083);
    expect(images.length).toBe(1083 * 3072);
    expect([...labels.subarray(0, 5)]).toEqual([1, 9, 2, 3, 2]);
  });

  it('says that a cut download is cut', async () => {
    const bytes = readFileSync(join(dataDir, 'svhn-sample/truncated.mat'));
    await expect(parseSvhn('truncated.mat', bytes)).rejects.toThrow(/truncated.mat: cut short/);
  });
});
