import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AncError, isAncError, type AncErrorDetail } from '@anc/core';
import { IMAGE_FORMATS, recognizeFolder } from '@anc/datasets';
import type { Composition } from '../composition/compose.js';
import { IMAGE_FOLDER } from '../options/folder-dataset.js';
import { namedSchema } from '../options/declare.js';
import type { RunOptionsInput } from '../options/run-options.js';
import { describeNamed, NAMED_FORM, readNamed, type Named } from '../text/named.js';

/** Images as a person gives them. */
export interface DatasetRequest {
  /** A registered dataset, or the path of a folder. */
  readonly dataset: string | Named | undefined;
  /** The folder of `--data-dir`. */
  readonly dataDir: string | null | undefined;
  /** Whether that folder may be missing, because files are put there. */
  readonly creates?: boolean;
}

export interface ChosenDataset {
  /** undefined where nothing was given. */
  readonly dataset: Named | undefined;
  readonly dataDir: string | null;
  /** What was chosen, where it was not given by name. */
  readonly notices: readonly string[];
}

/**
 * The dataset that is meant: a registered one by its name; a folder by its path; without either, what the data folder
 * holds. Throws `ANC_CONFIG` for a folder that is not there or holds nothing of use, and where several datasets are in it.
 */
export async function chooseDataset(
  { dataset, dataDir = null, creates = false }: DatasetRequest,
  cwd: string,
  { registries }: Pick<Composition, 'registries'>,
): Promise<ChosenDataset> {
  if (dataset === undefined) {
    if (dataDir === null) return { dataset: undefined, dataDir, notices: [] };
    const place = resolve(cwd, dataDir);
    await assertFolder(place, dataDir, 'directory');
    const { named, inside } = await datasetIn(place, dataDir, 'directory', {});
    const found = inside ? { ...named, options: {} } : named;
    return {
      dataset: found,
      dataDir,
      notices: [`--data-dir ${dataDir} is taken for the dataset: ${found.name}.`],
    };
  }
  const read = typeof dataset === 'string' ? readNamed(dataset) : dataset;
  const text = typeof dataset === 'string' ? dataset : dataset.name;
  const named = 'problem' in read ? null : read;
  if (named !== null && registries.datasets.has(named.name)) {
    if (dataDir !== null && !creates) await assertFolder(resolve(cwd, dataDir), dataDir, 'directory');
    const name = registries.datasets.canonical(named.name);
    return { dataset: { ...named, name }, dataDir, notices: [] };
  }
  // A folder's name may have brackets and commas.
  for (const path of [text, ...(named === null ? [] : [named.name])]) {
    const place = resolve(cwd, path);
    if (!(await isFolder(place))) continue;
    const { named: found, inside } = await datasetIn(
      place,
      path,
      'dataset',
      named !== null && path === named.name ? named.options : {},
    );
    const stray = dataDir === null ? [] : [`--data-dir has no effect: the dataset is the folder ${path}.`];
    const which = inside ? [] : [`${path} holds the files of ${found.name}, which is the dataset.`];
    return { dataset: found, dataDir: inside ? null : place, notices: [...stray, ...which] };
  }
  if (named === null) {
    throw wrong('dataset', `expected ${NAMED_FORM}, or the path of a folder.`, {
      received: text,
      hint: (read as { problem: string }).problem,
    });
  }
  if (/[\\/]/.test(named.name) || named.name.startsWith('.'))
    await assertFolder(resolve(cwd, named.name), named.name, 'dataset');
  return { dataset: named, dataDir, notices: [] }; // the registry says what there is
}

/**
 * The options of a new run with the dataset that is meant, before a preset fills the rest: presets depend on it. Throws
 * like `chooseDataset`.
 */
export async function withChosenDataset(
  input: RunOptionsInput,
  cwd: string,
  compose: (plugins: readonly string[]) => Promise<Composition>,
): Promise<{ readonly input: RunOptionsInput; readonly notices: readonly string[] }> {
  const { dataset, directory, transferDataset } = input.data ?? {};
  const isChosen = dataset !== undefined || typeof directory === 'string';
  if (!isChosen && transferDataset === undefined) return { input, notices: [] };
  const composition = await compose(input.plugins ?? []);
  const transfer =
    transferDataset === undefined
      ? {}
      : { transferDataset: await chooseTransfer(transferDataset, cwd, composition) };
  if (!isChosen) return { input: { ...input, data: { ...input.data, ...transfer } }, notices: [] };
  const named = typeof dataset === 'object' ? namedSchema.parse(dataset) : dataset;
  const chosen = await chooseDataset({ dataset: named, dataDir: directory }, cwd, composition);
  const data = {
    ...input.data,
    ...transfer,
    dataset: { ...chosen.dataset! },
    ...(chosen.dataDir === null && directory === undefined ? {} : { directory: chosen.dataDir }),
  };
  return { input: { ...input, data }, notices: chosen.notices };
}

/** The images to learn from that are meant: a registered dataset by its name, or a folder of images by its path. */
async function chooseTransfer(
  given: NonNullable<NonNullable<RunOptionsInput['data']>['transferDataset']>,
  cwd: string,
  composition: Composition,
): Promise<{ name: string; options: Named['options'] }> {
  const dataset = typeof given === 'object' ? namedSchema.parse(given) : given;
  try {
    const chosen = await chooseDataset({ dataset, dataDir: undefined }, cwd, composition);
    if (chosen.dataDir === null) return { ...chosen.dataset! };
  } catch (error) {
    if (!isAncError(error)) throw error;
    throw new AncError('ANC_CONFIG', error.detail.problem ?? error.message, {
      ...error.detail,
      path: ['data', 'transferDataset'],
    });
  }
  throw new AncError('ANC_CONFIG', 'expected a folder of images, or a dataset by its name.', {
    received: 'a folder with the files of a dataset',
    hint: 'name the dataset, and its folder with --data-dir.',
    path: ['data', 'transferDataset'],
    problem: 'expected a folder of images, or a dataset by its name.',
  });
}

/** An error about one of the two options, for callers that take them under other names, too. */
const wrong = (option: 'dataset' | 'directory', problem: string, detail: AncErrorDetail): AncError =>
  new AncError('ANC_CONFIG', problem, { ...detail, path: ['data', option], problem });

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => null))?.isDirectory() === true;

async function assertFolder(place: string, shown: string, option: 'dataset' | 'directory'): Promise<void> {
  const found = await stat(place).catch(() => null);
  if (found?.isDirectory() === true) return;
  throw wrong(option, `${shown} is no folder.`, {
    expected: 'a folder of images, or of the files of a dataset',
    received: found === null ? 'nothing at that path' : 'a file',
    hint:
      found === null ? 'check the path; it is read relative to the working directory.' : 'unpack it first.',
  });
}

/** What a folder holds. `inside`: its images are the dataset. */
async function datasetIn(
  place: string,
  shown: string,
  option: 'dataset' | 'directory',
  options: Named['options'],
): Promise<{ readonly named: Named; readonly inside: boolean }> {
  const { datasets, hasImages } = await recognizeFolder(place);
  const [only] = datasets;
  if (datasets.length === 0 && (hasImages || option === 'dataset')) {
    return { named: { name: IMAGE_FOLDER, options: { ...options, path: place } }, inside: true };
  }
  if (only !== undefined && datasets.length === 1 && (!hasImages || only === 'imagenet')) {
    return { named: { name: only, options }, inside: false };
  }
  const choices = [...datasets, ...(hasImages ? [describeNamed({ name: IMAGE_FOLDER, options: {} })] : [])];
  throw wrong(
    option,
    choices.length === 0
      ? `${shown} holds neither images nor files of a dataset.`
      : `${shown} holds several datasets.`,
    choices.length === 0
      ? {
          expected: `${IMAGE_FORMATS} files, or the files of a dataset that \`anc-cli list\` lists`,
          received: 'neither',
        }
      : {
          expected: 'one dataset',
          received: choices.join(', '),
          hint: `say which: --dataset ${choices[0]} --data-dir ${shown}`,
        },
  );
}
