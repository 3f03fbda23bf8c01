import { basename, isAbsolute, resolve } from 'node:path';
import { Dataset, isAncError, type Backend, type DatasetSplit, type SplitName } from '@anc/core';
import { z } from 'zod';
import { findModelInRun } from '../classifier/find-model.js';
import { pairClasses, type ClassMap } from '../classifier/labels.js';
import { onnxOptions } from '../classifier/classifier-file.js';
import { isOnnx, openClassifier, type Classifier } from '../classifier/open-classifier.js';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../text/named.js';
import { validateOptions } from '../composition/validate-options.js';
import { namedSchema } from '../options/declare.js';
import { optionError } from '../options/option-error.js';
import type { TeacherOptions } from '../options/run-options.js';

/** A frozen teacher that is not trained in the run: from a file, another run or a function. */
export interface GivenTeacher {
  readonly name: 'teacher';
  /** As it was named in the options. */
  readonly model: Named;
  readonly given: Classifier;
}

/** Opens a teacher that is a value of the caller, for the images of a dataset. */
export type OpenTeacher = (dataset: Dataset, model: Named) => Promise<GivenTeacher>;

/** Options of a teacher that is a file of weights. */
const weightsSchema = z.strictObject({
  model: namedSchema.optional().describe('network of the weights, where the file does not name it'),
  stateDict: z
    .string()
    .optional()
    .describe('which state dict, where the file holds several: a dictionary or a prefix in it'),
});

/** Whether a teacher's name is a path of a file or folder, and not the name of a model. */
export const isGiven = ({ name }: Named): boolean =>
  /[\\/]/.test(name) || /\.(onnx|ort|safetensors|pth|pt|th|ckpt|bin|tar|keras|h5|hdf5|json)$/i.test(name);

/** The same with an absolute path. */
export const anchoredTeacher = (teacher: Named, cwd: string): Named =>
  isGiven(teacher) && !isAbsolute(teacher.name) ? { ...teacher, name: resolve(cwd, teacher.name) } : teacher;

/** Opens the file or run that a run's teacher is. Throws `ANC_OPTIONS` and what reading it throws. */
export async function openGivenTeacher(
  { model, preprocessing, classes }: TeacherOptions,
  dataset: Dataset,
  backend: Backend,
  composition: Composition,
): Promise<GivenTeacher> {
  const { name, options } = model;
  const cwd = process.cwd(); // paths are absolute by now
  const file = (await findModelInRun(name, 'teacher', cwd))?.path ?? name;
  const opening = isOnnx(file)
    ? { onnx: await onnxOptions(file, options) }
    : ((await validateOptions(weightsSchema, options, `"${basename(name)}"`)) as {
        model?: Named;
        stateDict?: string;
      });
  const given = await openClassifier(
    {
      file,
      cwd,
      images: dataset.shape,
      backend,
      ...(preprocessing === undefined ? {} : { preprocessing }),
      ...(classes === undefined ? {} : { classes }),
      ...(dataset.classes.length === 0 ? {} : { classNames: dataset.classes }),
      ...opening,
    },
    composition,
  );
  return { name: 'teacher', model, given };
}

/**
 * A dataset under a given teacher's classes, with labels as indices of them. Where the classes cannot be paired, the
 * dataset has no labels, and a notice says so: training without labels needs none.
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
        `the labels of "${dataset.name}" are not the teacher's classes, so they are not used: ` +
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

/** Refuses options that apply to given teachers only. Throws `ANC_CONFIG`. */
export function checkTrainedTeacher({ model, preprocessing, classes }: TeacherOptions): void {
  const stray = preprocessing !== undefined ? 'preprocessing' : classes !== undefined ? 'classes' : null;
  if (stray === null) return;
  throw optionError(['teacher', stray], 'the teacher is trained in this run and not given as a file.', {
    expected: 'a teacher from a file, e.g. --teacher model.onnx',
    received: `the model ${model.name}`,
  });
}
