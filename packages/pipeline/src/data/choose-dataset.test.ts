import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import datasets from '@anc/datasets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compose } from '../composition/compose.js';
import { chooseDataset, withChosenDataset, type DatasetRequest } from './choose-dataset.js';

const composition = compose([datasets()]);
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-choose-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function put(...files: string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), 'x');
  }
}
const choose = (request: Partial<DatasetRequest>) =>
  chooseDataset({ dataset: undefined, dataDir: null, ...request }, dir, composition);

describe('chooseDataset', () => {
  it('takes registered names, also where a folder has that name', async () => {
    await put('mnist/cat/1.png');
    const named = { name: 'mnist', options: {} };
    expect(await choose({ dataset: 'mnist' })).toEqual({ dataset: named, dataDir: null, notices: [] });
    expect((await choose({ dataset: 'nothing' })).dataset!.name).toBe('nothing'); // the registry refuses it
  });

  it.each(['photos', './photos', 'photos (2020), mine'])('takes the path of a folder: %s', async (path) => {
    await put(`${path}/cat/1.png`);
    const folder = { name: 'image-folder', options: { path: join(dir, path) } };
    expect(await choose({ dataset: path })).toEqual({ dataset: folder, dataDir: null, notices: [] });
  });

  it('takes options beside a path, and reports a data folder without effect', async () => {
    await put('photos/cat/1.png');
    const { dataset, dataDir, notices } = await choose({ dataset: './photos(size=64)', dataDir: 'other' });
    expect(dataset!.options).toEqual({ size: 64, path: join(dir, 'photos') });
    expect([dataDir, notices]).toEqual([
      null,
      ['--data-dir has no effect: the dataset is the folder ./photos.'],
    ]);
  });

  it('takes what a data folder holds, and says what', async () => {
    await put('photos/cat/1.png', 'files/cifar-10-batches-bin/data_batch_1.bin');
    expect(await choose({ dataDir: 'photos' })).toEqual({
      dataset: { name: 'image-folder', options: {} },
      dataDir: 'photos',
      notices: ['--data-dir photos is taken for the dataset: image-folder.'],
    });
    expect((await choose({ dataDir: 'files' })).dataset!.name).toBe('cifar10');
    const byPath = await choose({ dataset: './files' });
    expect([byPath.dataset!.name, byPath.dataDir]).toEqual(['cifar10', join(dir, 'files')]);
  });

  it.each<[string, Partial<DatasetRequest>, string]>([
    ['a folder that is not there', { dataDir: 'none' }, 'none is no folder'],
    ['a missing folder of a published dataset', { dataset: 'mnist', dataDir: 'none' }, 'none is no folder'],
    ['a path that is not there', { dataset: './none' }, './none is no folder'],
    ['a file', { dataset: './photos.zip' }, './photos.zip is no folder'],
    ['a folder with nothing in it', { dataDir: 'empty' }, 'neither images nor files of a dataset'],
    ['a folder with several datasets', { dataDir: '.' }, 'several datasets'],
    ['what is neither a name nor a path', { dataset: 'a(b' }, 'the path of a folder'],
  ])('refuses %s', async (_, request, message) => {
    await put('photos.zip', 'empty/notes.txt', 'photos/1.png', 'svhn/test_32x32.mat');
    await expect(choose(request)).rejects.toThrow(message);
  });
});

describe('withChosenDataset', () => {
  const chosen = async (data: Record<string, unknown>) =>
    (await withChosenDataset({ data }, dir, () => Promise.resolve(composition))).input.data;

  it('changes nothing where neither dataset nor folder is given', async () => {
    expect(await chosen({ limitTrain: 5 })).toEqual({ limitTrain: 5 });
  });

  it('takes a folder of images of another domain, and refuses one of a dataset', async () => {
    await put('photos/1.png', 'files/cifar-10-batches-bin/data_batch_1.bin');
    expect(await chosen({ dataset: 'mnist', transferDataset: 'photos' })).toEqual({
      dataset: { name: 'mnist', options: {} },
      transferDataset: { name: 'image-folder', options: { path: join(dir, 'photos') } },
    });
    expect(await chosen({ transferDataset: 'svhn' })).toEqual({
      transferDataset: { name: 'svhn', options: {} },
    });
    for (const transferDataset of ['./files', './nothing']) {
      await expect(chosen({ transferDataset })).rejects.toMatchObject({
        code: 'ANC_CONFIG',
        detail: { path: ['data', 'transferDataset'] },
      });
    }
  });

  it('sets the dataset before presets do', async () => {
    await put('photos/1.png');
    const folder = { name: 'image-folder', options: {} };
    expect(await chosen({ directory: 'photos' })).toEqual({ directory: 'photos', dataset: folder });
    const sized = await chosen({ dataset: { name: 'photos', size: 8 } });
    expect(sized).toEqual({
      dataset: { name: 'image-folder', options: { size: 8, path: join(dir, 'photos') } },
    });
  });
});
