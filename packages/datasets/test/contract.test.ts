import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Dataset, type DatasetSplit, type SplitName } from '@anc/core';
import { datasetContract } from '@anc/testing';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { Glyphs, ImageFolder, fashionMnist } from '../src/index.js';

const runner = { describe, it, expect };

describe('glyphs', () => datasetContract(runner, () => new Glyphs({ train: 12, test: 9 })));

describe('image-folder', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'anc-contract-'));
  afterAll(() => rm(dir, { recursive: true, force: true }));
  for (let i = 0; i < 10; i++) {
    const create = {
      width: 20 + i,
      height: 30,
      channels: 3 as const,
      background: { r: i * 20, g: 9, b: 99 },
    };
    await writeFile(join(dir, `${i}.png`), await sharp({ create }).png().toBuffer());
  }
  datasetContract(runner, () => ImageFolder.open({ size: 8, testFraction: 0.4 }, dir, 0));
});

const dataDir = process.env['ANC_DATA_DIR'] ?? resolve(import.meta.dirname, '../../../../shared/data');
describe.runIf(existsSync(join(dataDir, 'fashion-mnist')))('fashion-mnist', () => {
  const dataset = fashionMnist(dataDir); // one for all tests: each opening unpacks the whole set
  const splits = { train: dataset.split('train'), test: dataset.split('test') };
  class Once extends Dataset {
    readonly name = dataset.name;
    readonly classes = dataset.classes;
    readonly shape = dataset.shape;
    split(name: SplitName): Promise<DatasetSplit> {
      return splits[name];
    }
  }
  datasetContract(runner, () => new Once());
});
