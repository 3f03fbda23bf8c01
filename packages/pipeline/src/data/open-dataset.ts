import { join } from 'node:path';
import {
  Dataset,
  isAncError,
  type DatasetEnvironment,
  type DatasetSplit,
  type PublishedFile,
  type SplitName,
} from '@anc/core';
import { cacheDir, fetchFiles, offlineError, searchPlaces, type FetchedFile } from '@anc/datasets';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../text/named.js';
import { classesAreFolders, noticesOf, taskNameOf, validationOf } from './dataset-facts.js';

/** How files that are missing are come by. */
export interface Fetching {
  /** Fetch nothing. Also `ANC_OFFLINE`. */
  readonly offline?: boolean;
  /** A server of one's own that is asked first. Also `ANC_DATA_MIRROR`. */
  readonly mirror?: string | null;
  readonly progress?: (file: string, received: number, total: number | null) => void;
  /** A line about what is done. */
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Fetch damaged files of `folder` anew. */
  readonly replaceDamaged?: boolean;
  /** Where files go; default: the dataset's folder in the cache. */
  readonly folder?: string;
}

/**
 * A dataset by name whose published files are fetched when they are first asked for and not there. Throws
 * `ANC_UNKNOWN`, `ANC_OPTIONS` and `ANC_DATA_*`.
 */
export async function openDataset(
  named: Named,
  { registries }: Composition,
  environment: DatasetEnvironment,
  fetching: Fetching = {},
): Promise<Dataset> {
  const dataset = await registries.datasets.create(named, environment);
  const { contribution } = registries.datasets.get(named.name);
  if (contribution.files === undefined) return dataset;
  const files = contribution.files(await registries.datasets.check(named));
  return new FetchedDataset(dataset, () => obtainFiles(named.name, files, environment, fetching));
}

/** Fetches what is missing of a dataset's published files. Throws `ANC_DATA_MISSING` where nothing may be fetched. */
export async function obtainFiles(
  name: string,
  files: readonly PublishedFile[],
  { dataDir }: DatasetEnvironment,
  { offline, mirror, folder = join(cacheDir(), name), say, progress, ...options }: Fetching,
): Promise<FetchedFile[]> {
  const places = searchPlaces(dataDir, [name]);
  if (offline === true || Boolean(process.env['ANC_OFFLINE']))
    throw offlineError(name, files, folder, places);
  const own = dataDir ?? process.env['ANC_DATA_DIR'] ?? '';
  say?.(`${name}: ${own === '' ? '' : `not all of it is in ${own}; `}getting its files into ${folder}`);
  return await fetchFiles(files, folder, {
    ...options,
    places,
    mirror: mirror ?? mirrorOfEnvironment(),
    ...(progress && { progress }),
  });
}

function mirrorOfEnvironment(): string | null {
  const mirror = process.env['ANC_DATA_MIRROR'];
  return mirror === undefined || mirror === '' ? null : mirror;
}

export const isMissing = (error: unknown): boolean => isAncError(error) && error.code === 'ANC_DATA_MISSING';

/** A dataset that fetches its files once where one is missing, and then tries again. */
class FetchedDataset extends Dataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape: Dataset['shape'];
  override readonly classesAreFolders: boolean;
  override readonly task: string;
  readonly #dataset: Dataset;
  readonly #fetch: () => Promise<unknown>;

  constructor(dataset: Dataset, fetch: () => Promise<unknown>) {
    super();
    this.name = dataset.name;
    this.classes = dataset.classes;
    this.shape = dataset.shape;
    this.classesAreFolders = classesAreFolders(dataset);
    this.task = taskNameOf(dataset);
    this.#dataset = dataset;
    this.#fetch = fetch;
  }

  async split(name: SplitName): Promise<DatasetSplit> {
    const { images, labels, targets = null } = await this.#fetchedFor(() => this.#dataset.split(name));
    return {
      images,
      labels: labels === null ? null : () => this.#fetchedFor(labels),
      ...(targets === null ? {} : { targets: () => this.#fetchedFor(targets) }),
    };
  }

  override get notices(): readonly string[] {
    return noticesOf(this.#dataset);
  }

  override async validation(): Promise<DatasetSplit | null> {
    return validationOf(this.#dataset);
  }

  async #fetchedFor<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isMissing(error)) throw error;
      await this.#fetch();
      return await work();
    }
  }
}
