import { homedir } from 'node:os';
import { isAbsolute, relative, sep } from 'node:path';
import { targetsOf, type DatasetSplit, type Normalization } from '@anc/core';
import { encodeNumbers } from '@anc/core/internal';
import { thumbnails } from '@anc/datasets';
import type { DataDocument, DataSplit, RunFolder } from '@anc/runtime';
import { noticesOf } from '../data/dataset-facts.js';
import type { Plan } from '../planning/plan.js';
import { describeNamed } from '../text/named.js';
import { isPicture } from './is-picture.js';

const DOCUMENT = 'data.json';
const PICTURES = 'training-images.png';
/** Images in rows, views of each in columns; the first is the plain image. */
const ROWS = 4;
const COLUMNS = 6;
const MOST_PIXELS = 64;
const MOST_NAMES = 100;

/** Writes what a report says of the data, once: `data.json`, and a sample of the training images as training sees them. */
export async function writeData(
  folder: RunFolder,
  plan: Pick<Plan, 'data' | 'options' | 'classNames'>,
): Promise<void> {
  if ((await folder.readBytes(DOCUMENT)) !== null) return;
  const { data, options, classNames } = plan;
  const { dataset, train, held, test } = data;
  const shown = await sampleOf(data);
  if (shown !== null) await folder.write(PICTURES, shown.png);
  const { transferDataset } = options.data;
  const ofTransfer = transferDataset === undefined ? {} : { dataset: transferDataset.name };
  const document: DataDocument = {
    dataset: describeNamed({ ...options.data.dataset, options: {} }),
    location: locationOf(options.data.directory ?? pathIn(options.data.dataset.options)),
    shape: dataset.shape,
    classes: dataset.classes.length,
    classNames: (classNames ?? []).slice(0, MOST_NAMES),
    splits: [
      { ...splitOf('training', train), ...ofTransfer },
      ...(held === null ? [] : [{ ...splitOf('held-out', held), ...ofTransfer }]),
      splitOf('test', test),
    ],
    normalization: normalizationInWords(data.normalization),
    augmentation: data.augmentation.id,
    notices: noticesOf(dataset),
    ...(shown === null ? {} : { shown: shown.tiles }),
  };
  await folder.write(DOCUMENT, `${JSON.stringify(encodeNumbers(document), null, 2)}\n`);
}

const splitOf = (name: DataSplit['name'], split: DatasetSplit): DataSplit => ({
  name,
  images: split.images.count,
  labels: targetsOf(split) !== null,
});

async function sampleOf({ train, augmentation }: Plan['data']) {
  const { count, shape } = train.images;
  const rows = Math.min(ROWS, count);
  if (rows === 0 || !isPicture(shape)) return null;
  // Mixing needs the rest of a batch: it is not shown.
  const views = augmentation.mixesInBatch ? augmentation.withoutMixing() : augmentation;
  const columns = Math.min(COLUMNS, views.views ?? COLUMNS);
  const length = rows * columns;
  const indices = Int32Array.from({ length }, (_, i) => Math.floor((Math.floor(i / columns) * count) / rows));
  const source = { id: views.id, views: views.views, shape, read: views.read.bind(views) };
  const { png, ...pictures } = await thumbnails(source, indices, {
    columns,
    most: MOST_PIXELS,
    views: Int32Array.from({ length }, (_, i) => i % columns),
  });
  return { png, tiles: { ...pictures, count: length } };
}

/** The folder that a dataset's own options name. */
function pathIn(options: unknown): string | null {
  const { path } = options as { readonly path?: unknown };
  return typeof path === 'string' ? path : null;
}

/** A path without the name of the user's home folder: reports are sent to others. */
function locationOf(path: string | null): string | null {
  if (path === null) return null;
  const inHome = relative(homedir(), path);
  return inHome.startsWith('..') || isAbsolute(inHome) ? path : ['~', ...inHome.split(sep)].join('/');
}

function normalizationInWords(normalization: Normalization): string {
  if (normalization === 'per-image') return 'mean and deviation of each image';
  const { mean, std } = normalization;
  const numbers = (values: readonly number[]): string => values.map((x) => x.toFixed(2)).join(', ');
  return mean.length > 4
    ? `the mean image is subtracted; divided by ${numbers(std)}`
    : `(x − ${bracketed(numbers(mean))}) / ${bracketed(numbers(std))}, x from 0 to 255`;
}

const bracketed = (numbers: string): string => (numbers.includes(',') ? `(${numbers})` : numbers);
