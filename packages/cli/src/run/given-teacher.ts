import { basename, isAbsolute, resolve } from 'node:path';
import { AncError, Dataset, isAncError, type Backend, type DatasetSplit, type SplitName } from '@anc/core';
import { z } from 'zod';
import { findModelInRun } from '../classifier/find-player.js';
import { pairClasses, type ClassMap } from '../classifier/labels.js';
import { onnxOptions } from '../classifier/named-file.js';
import { isOnnx, openClassifier, type Classifier } from '../classifier/open-classifier.js';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../composition/registry.js';
import { validateOptions } from '../composition/validate-options.js';
import type { Config } from '../config/resolve.js';
import { namedSchema } from '../config/option.js';

/** A teacher that is not trained in the run: a file's or another run's, frozen. */
export interface GivenTeacher {
  readonly name: 'teacher';
  /** As it was named. */
  readonly model: Named;
  readonly given: Classifier;
}

/** What can be said of a teacher that is a file of weights. */
const weightsSchema = z.strictObject({
  model: namedSchema.optional().describe('which network the weights are of, where the file does not say'),
});

/** Whether a teacher's name is a file or folder and not a model's. */
export const isGiven = ({ name }: Named): boolean =>
  /[\\/]/.test(name) || /\.(onnx|ort|safetensors|pth|pt|th|keras|h5|json)$/i.test(name);

/** The same with its path from the root. */
export const anchoredTeacher = (teacher: Named, cwd: string): Named =>
  isGiven(teacher) && !isAbsolute(teacher.name) ? { ...teacher, name: resolve(cwd, teacher.name) } : teacher;

/** Opens the file or run that a run's teacher is. Throws `ANC_OPTIONS` and what reading it throws. */
export async function openGivenTeacher(
  { teacher, teacherNormalize, classes }: Config,
  dataset: Dataset,
  backend: Backend,
  composition: Composition,
): Promise<GivenTeacher> {
  const { name, options } = teacher;
  const cwd = process.cwd(); // paths are from the root by now
  const file = (await findModelInRun(name, 'teacher', cwd))?.path ?? name;
  const said = isOnnx(file)
    ? { onnx: await onnxOptions(file, options) }
    : ((await validateOptions(weightsSchema, options, `"${basename(name)}"`)) as { model?: Named });
  const given = await openClassifier(
    {
      file,
      cwd,
      images: dataset.shape,
      backend,
      ...(teacherNormalize === undefined ? {} : { normalize: teacherNormalize }),
      ...(classes === undefined ? {} : { classes }),
      ...(dataset.classes.length === 0 ? {} : { classNames: dataset.classes }),
      ...said,
    },
    composition,
  );
  return { name: 'teacher', model: teacher, given };
}

/**
 * A dataset as a given teacher sees it: its classes, and the labels as indices of them. Where they cannot be paired
 * there are no labels, which is said: training without labels needs none.
 */
export function relabeledFor(
  { given }: GivenTeacher,
  dataset: Dataset,
  notice: (text: string) => void,
): Dataset {
  try {
    const map = pairClasses(given.model, given, dataset);
    return new RelabeledDataset(dataset, given.classNames ?? dataset.classes, map);
  } catch (error) {
    if (!isAncError(error) || error.code !== 'ANC_CLASSES') throw error;
    if (dataset.classes.length > 0) {
      notice(
        `the labels of "${dataset.name}" are not of the teacher's classes, so they are not looked at: ` +
          'students are measured by their agreement with the teacher.',
      );
    }
    const names = given.classNames ?? Array.from({ length: given.classes }, (_, i) => String(i));
    return new RelabeledDataset(dataset, names, 'none');
  }
}

class RelabeledDataset extends Dataset {
  readonly name: string;
  readonly shape: Dataset['shape'];

  constructor(
    readonly inner: Dataset,
    readonly classes: readonly string[],
    readonly map: ClassMap | 'none',
  ) {
    super();
    this.name = inner.name;
    this.shape = inner.shape;
  }

  async split(name: SplitName): Promise<DatasetSplit> {
    const { images, labels } = await this.inner.split(name);
    const { map } = this;
    if (labels === null || map === 'none') return { images, labels: null };
    return {
      images,
      labels: map === null ? labels : async () => (await labels()).map((label) => map[label]!),
    };
  }
}

/** Options that only mean something beside a given teacher. Throws `ANC_CONFIG`. */
export function checkGivenOptions({ teacher, teacherNormalize, classes }: Config): void {
  if (isGiven(teacher)) return;
  const stray =
    teacherNormalize !== undefined ? '--teacher-normalize' : classes !== undefined ? '--classes' : null;
  if (stray === null) return;
  throw new AncError('ANC_CONFIG', `${stray}: the teacher is trained in this run and not given as a file.`, {
    expected: 'a file beside it, e.g. --teacher model.onnx',
    received: `--teacher ${teacher.name}`,
  });
}
