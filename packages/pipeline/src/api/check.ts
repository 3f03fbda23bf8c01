import { resolve } from 'node:path';
import type { Fetching } from '../data/open-dataset.js';
import type { Dataset } from '@anc/core';
import { checkTeacher, type Check } from '../check/check.js';
import { sampleImages, statedByImages, type Sample } from '../check/images.js';
import { findTeacher } from '../check/teacher.js';
import { asNamed, openBackend } from './model-call.js';
import { assertKnown, assertPath, type OptionNames } from './known-options.js';
import { CALL_OPTIONS, callOf, composeWith, type CallOptions } from './call.js';
import type { BackendInput, NameInput } from './values.js';

export interface CheckOptions extends CallOptions {
  /** Of weights that do not name it: their network. */
  readonly model?: NameInput;
  /** Pixel values that the teacher expects. */
  readonly preprocessing?: string;
  /** [H, W, C], where the teacher takes images of any size. */
  readonly size?: readonly [number, number, number];
  /** Look at this many images at most; default: 200. */
  readonly limit?: number;
  /** Time for the comparison of preprocessings; default: 15. */
  readonly seconds?: number;
  /** Folder of the dataset's files. */
  readonly dataDir?: string;
  /** Backend that computes the teacher's outputs. */
  readonly backend?: BackendInput;
  /** Whether missing data may be downloaded, and from where. */
  readonly fetching?: Fetching;
  /** Called as work goes on: what is done, and how much of it. */
  readonly onProgress?: (what: string, done: number, count: number) => void;
}

const CHECK_OPTIONS: OptionNames<CheckOptions> = {
  ...CALL_OPTIONS,
  model: true,
  preprocessing: true,
  size: true,
  limit: true,
  seconds: true,
  dataDir: true,
  backend: true,
  fetching: true,
  onProgress: true,
};

/** What a check found, and the images that it looked at. */
export interface CheckResult extends Check {
  /** The images that were looked at. */
  readonly sample: Sample;
}

/**
 * Looks at a teacher's predictions for images before anything is trained: a contact sheet, warnings, and the likely
 * preprocessing. Throws what reading teacher and images throws.
 */
export async function check(
  teacher: string,
  images: string | Dataset,
  options: CheckOptions = {},
): Promise<CheckResult> {
  assertKnown(options, CHECK_OPTIONS);
  assertPath(teacher, 'teacher');
  const { cwd, fetching } = callOf(options);
  const { limit = 200, seconds = 15, dataDir, model, preprocessing, size } = options;
  const composition = await composeWith(options.plugins ?? [], null, cwd, {
    discover: options.discoverPlugins,
  })([]);
  const { backend, close } = await openBackend(options.backend, composition);
  try {
    const sampled = {
      what: images,
      cwd,
      dataDir: dataDir === undefined ? null : resolve(cwd, dataDir),
      composition,
      fetching: { ...fetching, ...options.fetching },
    };
    const found = await findTeacher(
      {
        what: teacher,
        cwd,
        ...(model === undefined ? {} : { model: asNamed(model, ['model']) }),
        ...(preprocessing === undefined ? {} : { preprocessing }),
        ...(size === undefined ? {} : { size }),
        images: () => statedByImages(sampled),
      },
      backend,
      composition,
    );
    const sample = await sampleImages({ ...sampled, shape: found.shape, limit });
    const result = await checkTeacher(found, sample, {
      budget: seconds,
      progress: options.onProgress ?? (() => undefined),
    });
    return { ...result, sample };
  } finally {
    await close();
  }
}
