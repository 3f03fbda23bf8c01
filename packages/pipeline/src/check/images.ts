import { stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { AncError, isAncError, Rng, targetsOf, type Dataset } from '@anc/core';
import { readTargets } from '@anc/core/internal';
import { decodeImage, interpretWholeFolder, limitSplit } from '@anc/datasets';
import type { Composition } from '../composition/compose.js';

import { classesAreFolders, noticesOf } from '../data/dataset-facts.js';
import { chooseDataset } from '../data/choose-dataset.js';
import { sizesOfFolder, statedByFolder, type StatedShape } from '../data/image-size.js';
import { isMissing, openDataset, type Fetching } from '../data/open-dataset.js';
import { sizedDataset } from '../data/sized-dataset.js';
import { IMAGE_FOLDER } from '../options/folder-dataset.js';
import { taskOfDataset, type OpenedTask } from '../tasks/opened-task.js';
import { NAMED_FORM, readNamed, type Named } from '../text/named.js';
import { suggestion } from '../text/nearest.js';

/** A sample of images, brought to one size. */
export interface Sample {
  /** As people named them. */
  readonly what: string;
  /** Images that there are, sampled or not. */
  readonly total: number;
  /** Bytes [N, H, W, C]. */
  readonly images: Uint8Array;
  readonly names: readonly string[];
  /** Names of the classes of `labels`; null without labels. */
  readonly classes: readonly string[] | null;
  /** Whether the order of `classes` is only that of folders. */
  readonly classesAreFolders: boolean;
  readonly labels: Int32Array | null;
  /** What the images' targets are for; null where they are of a folder, whose classes are labels. */
  readonly task: OpenedTask | null;
  /** Targets of another shape than one class per image, image after image; null without any. */
  readonly targets: Int32Array | null;
  /** How the images were found, in sentences. */
  readonly notices: readonly string[];
  /** Files that do not decode, with the reason. */
  readonly broken: readonly string[];
}

export interface SampleRequest {
  readonly what: string | Dataset;
  readonly cwd: string;
  readonly dataDir: string | null;
  readonly shape: readonly [number, number, number];
  readonly limit: number;
  readonly composition: Composition;
  readonly fetching: Fetching;
}

/** The size that a folder's or a dataset's images have in common; null where there are none. Throws what opening them throws. */
export async function statedByImages(
  request: Omit<SampleRequest, 'shape' | 'limit'>,
): Promise<StatedShape | null> {
  const { what, cwd } = request;
  if (typeof what === 'string') {
    const path = resolve(cwd, what);
    if ((await stat(path).catch(() => null))?.isDirectory() === true) {
      const { named, dataDir } = await datasetOfFolder(what, request);
      if (named.name !== IMAGE_FOLDER) {
        const { shape } = await openSized(named, { ...request, dataDir }, null);
        return { shape, source: `the dataset ${named.name}` };
      }
      const sizes = await sizesOfFolder(path);
      return sizes === null ? null : statedByFolder(sizes);
    }
  }
  const dataset = typeof what === 'string' ? await namedDataset(what, request, null) : what;
  return { shape: dataset.shape, source: `the dataset ${dataset.name}` };
}

/** Images of a folder, or the training images of a dataset. Throws `ANC_DATA_*`, `ANC_UNKNOWN`. */
export async function sampleImages(request: SampleRequest): Promise<Sample> {
  const { what, cwd } = request;
  if (typeof what !== 'string') return ofDataset(what, what.name, request);
  const path = resolve(cwd, what);
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() !== true)
    return ofDataset(await namedDataset(what, request, request.shape), what, request);
  const { named, dataDir, notices } = await datasetOfFolder(what, request);
  const sample =
    named.name === IMAGE_FOLDER
      ? await ofFolder(path, what, request)
      : await ofDataset(await openSized(named, { ...request, dataDir }, request.shape), what, request);
  return { ...sample, notices: [...notices, ...sample.notices] };
}

type Opening = Omit<SampleRequest, 'shape' | 'limit'>;

/** What a folder is: images, or the files of a dataset that is recognized. */
async function datasetOfFolder(what: string, { composition, cwd, dataDir }: Opening) {
  const { dataset, ...chosen } = await chooseDataset({ dataset: what, dataDir }, cwd, composition);
  return { named: dataset!, ...chosen };
}

/** Images of all splits of a folder: the labeled ones, where there are labels. */
async function ofFolder(path: string, what: string, { shape, limit }: SampleRequest): Promise<Sample> {
  const { parts, classes, interpretation } = await interpretWholeFolder(path);
  const some = Object.values(parts).filter((part) => classes.length === 0 || part.classes !== null);
  const files = some
    .flatMap(({ root, files: found, classes: own }) =>
      found.map((file, i) => ({ place: join(root, file.path), label: own?.[i] ?? null })),
    )
    .sort((a, b) => (a.place < b.place ? -1 : 1));
  const chosen = Rng.fromSeed(1).split('check').permutation(files.length).slice(0, limit).sort();
  const size = shape[0] * shape[1] * shape[2];
  const broken: string[] = [];
  const decoded: { name: string; label: string | null; bytes: Uint8Array }[] = [];
  for (const index of chosen) {
    const { place, label } = files[index]!;
    const name = relative(path, place);
    try {
      decoded.push({ name, label, bytes: await decodeImage(place, shape, null) });
    } catch (error) {
      if (!isAncError(error) || error.code !== 'ANC_DATA_CORRUPT') throw error;
      broken.push(`${name}: ${error.detail.received ?? error.message}`);
    }
  }
  if (decoded.length === 0) {
    throw new AncError('ANC_DATA_CORRUPT', `${what}: no image decodes.`, { received: broken[0]! });
  }
  const images = new Uint8Array(decoded.length * size);
  decoded.forEach(({ bytes }, i) => images.set(bytes, i * size));
  return {
    what,
    total: files.length,
    images,
    names: decoded.map(({ name }) => name),
    classes: classes.length === 0 ? null : classes,
    classesAreFolders: true,
    labels: classes.length === 0 ? null : Int32Array.from(decoded, ({ label }) => classes.indexOf(label!)),
    task: null,
    targets: null,
    broken,
    notices: [interpretation.summary, ...interpretation.remarks],
  };
}

/** A dataset by name. Throws `ANC_USAGE`, `ANC_DATA_MISSING` and what opening it throws. */
async function namedDataset(
  what: string,
  request: Opening,
  shape: SampleRequest['shape'] | null,
): Promise<Dataset> {
  const named = readNamed(what);
  if ('problem' in named) {
    throw new AncError('ANC_USAGE', `images: expected a folder, or ${NAMED_FORM}.`, {
      received: what,
      hint: named.problem,
    });
  }
  const { datasets } = request.composition.registries;
  if (!datasets.has(named.name)) {
    const { names } = datasets;
    const hint = suggestion(named.name, names);
    throw new AncError('ANC_DATA_MISSING', `"${what}" is neither a folder nor a dataset.`, {
      expected: `a folder of images, or one of ${names.join(', ')}`,
      hint: hint ?? 'check the path; it is read relative to the working directory.',
    });
  }
  return openSized(named, request, shape);
}

/** A dataset whose images have the teacher's size, where they can be brought to it. */
async function openSized(
  named: Named,
  { composition, cwd, dataDir, fetching }: Opening,
  shape: SampleRequest['shape'] | null,
): Promise<Dataset> {
  const sized = await sizedDataset(named, {
    composition,
    directory: dataDir,
    cwd,
    file: shape === null ? null : () => Promise.resolve({ shape, source: 'the teacher' }),
    notice: () => undefined, // the check reports the size
  });
  return openDataset(sized, composition, { dataDir, seed: 1 }, fetching);
}

async function ofDataset(
  dataset: Dataset,
  what: string,
  { shape, limit, composition }: SampleRequest,
): Promise<Sample> {
  if (dataset.shape.join() !== shape.join()) {
    throw new AncError('ANC_SHAPE', `the teacher's images and those of "${what}" differ in size.`, {
      expected: shape.join('×'),
      received: dataset.shape.join('×'),
      hint: 'choose a dataset of that size, or a folder of images, which are brought to it.',
    });
  }
  const whole = await dataset.split('train').catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    return dataset.split('test');
  });
  const split = limitSplit(whole, limit, 1);
  const { count } = split.images;
  const images = new Uint8Array(count * shape[0] * shape[1] * shape[2]);
  const indices = Int32Array.from({ length: count }, (_, i) => i);
  await split.images.read(indices, images);
  const targets = split.labels === null ? await targetsOf(split)?.() : undefined;
  return {
    what,
    total: whole.images.count,
    images,
    names: Array.from({ length: count }, (_, i) => `${i}`),
    classes: split.labels === null && targets === undefined ? null : dataset.classes,
    classesAreFolders: classesAreFolders(dataset),
    labels: split.labels === null ? null : await split.labels(),
    task: await taskOfDataset(dataset, composition),
    targets: targets === undefined ? null : await readTargets(targets, indices),
    broken: [],
    notices: noticesOf(dataset),
  };
}
