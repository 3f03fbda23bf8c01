import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { datasetLabel, recordedFolder } from './folder-dataset.js';
import { formatOptions, readOptions, resumedOptions } from './record.js';

const folder = { name: 'image-folder', options: { path: 'photos' } };
const recordOf = (dataset: unknown): string => formatOptions(resolveFlat({ dataset }).options);

it('is recorded with its absolute path and the order of its classes', () => {
  const recorded = recordedFolder(folder, '/home');
  expect(recorded.options).toEqual({ path: resolve('/home/photos'), classOrder: 'natural' });
  expect(readOptions(recordOf(recorded)).data.dataset).toEqual(recorded);
  const mnist = { name: 'mnist', options: {} };
  expect(recordedFolder(mnist, '/home')).toEqual(mnist);
});

it('has its classes in the order of text in records that do not say it', () => {
  expect(readOptions(recordOf(folder)).data.dataset.options).toEqual({ path: 'photos', classOrder: 'text' });
  expect(readOptions(recordOf('fashion-mnist')).data.dataset.options).toEqual({});
});

it('is found in another data folder when a run is resumed', () => {
  const { data } = resumedOptions({ dataDir: '/moved' }, recordOf(recordedFolder(folder, '/home')));
  expect([data.directory, data.dataset.options]).toEqual(['/moved', { classOrder: 'natural' }]);
});

it.each([
  [folder, null, 'photos'],
  [{ name: 'image-folder', options: {} }, 'data/birds/', 'birds'],
  [{ name: 'image-folder', options: { path: '/' } }, null, 'image-folder'],
  [{ name: 'mnist', options: {} }, 'data', 'mnist'],
])('runs are called by a dataset or its folder: %j in %s is %s', (dataset, directory, label) => {
  expect(datasetLabel(dataset, directory, '/home')).toBe(label);
});
