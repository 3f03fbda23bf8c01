import { AncError, Dataset, type DatasetSplit, type SplitName } from '@anc/core';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { Glyphs } from '../glyphs/glyphs.js';
import { ImageFolder } from '../image-folder/image-folder.js';
import { MemoryImages } from '../images/memory-images.js';
import { contactSheet } from './contact-sheet.js';
import { describeDataset } from './dataset-info.js';

class OnlyTest extends Dataset {
  readonly name = 'only-test';
  readonly classes = [];
  readonly shape = [1, 1, 1] as const;
  constructor(readonly has: readonly SplitName[]) {
    super();
  }
  split(name: SplitName): Promise<DatasetSplit> {
    if (!this.has.includes(name)) return Promise.reject(new AncError('ANC_DATA_MISSING', name));
    return Promise.resolve({ images: new MemoryImages(Uint8Array.of(1, 2, 3), [1, 1, 1]), labels: null });
  }
}

describe('describeDataset', () => {
  it('counts images and classes', async () => {
    const { splits, mean, std, classes } = await describeDataset(new Glyphs({ train: 100, test: 30 }));
    expect(splits.map(({ split, count }) => [split, count])).toEqual([
      ['train', 100],
      ['test', 30],
    ]);
    for (const { histogram, count } of splits) expect(histogram!.reduce((a, b) => a + b)).toBe(count);
    expect([classes.length, mean!.length, std!.length]).toEqual([10, 1, 1]);
  });

  it('shows first how a folder of images is read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'anc-info-'));
    try {
      const pixel = encode({ width: 8, height: 8, channels: 3, data: new Uint8Array(192) });
      for (const name of ['train/a', 'train/b', 'valid/a', 'test/b']) {
        await mkdir(join(folder, name), { recursive: true });
        await writeFile(join(folder, name, '1.png'), pixel);
      }
      const info = await describeDataset(await ImageFolder.open({ size: 8 }, folder, 1));
      expect(Object.keys(info).slice(0, 2)).toEqual(['notices', 'interpretation']);
      expect(info.notices[0]).toContain('training 2 images in train/, validation 1 image in valid/, test 1');
      expect(info.splits.map(({ split, histogram }) => [split, histogram])).toEqual([
        ['train', [1, 1]],
        ['validation', [1, 0]],
        ['test', [0, 1]],
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('leaves out missing splits and missing labels', async () => {
    const info = await describeDataset(new OnlyTest(['test']));
    expect(info.splits.map(({ split, histogram }) => [split, histogram])).toEqual([['test', null]]);
    expect(info.mean).toBeNull();
    await expect(describeDataset(new OnlyTest([]))).rejects.toThrow('test');
  });
});

describe('contactSheet', () => {
  it('lays images out in rows, in a PNG', async () => {
    const bytes = Uint8Array.from({ length: 3 * 4 * 3 }, (_, i) => i);
    const sheet = decode(await contactSheet(new MemoryImages(bytes, [2, 2, 3]), 2, 2));
    expect([sheet.width, sheet.height, sheet.channels]).toEqual([10, 10, 3]);
    const at = (x: number, y: number): number[] => [
      ...sheet.data.subarray((y * 10 + x) * 3, (y * 10 + x) * 3 + 3),
    ];
    expect(at(2, 2)).toEqual([0, 1, 2]);
    expect(at(7, 3)).toEqual([21, 22, 23]);
    expect(at(2, 6)).toEqual([24, 25, 26]);
    expect(at(0, 0)).toEqual([255, 255, 255]);
  });
});
