import { isAbsolute, resolve } from 'node:path';
import { Dataset, isAncError, type Backend, type DatasetSplit, type SplitName } from '@anc/core';
import { matchNames } from '@anc/datasets';
import { findModelInRun } from '../classifier/find-model.js';
import { pairClasses } from '../classifier/labels.js';
import { fileOptions } from '../classifier/classifier-file.js';
import type { Classifier } from '../classifier/classifier.js';
import { openClassifier } from '../classifier/open-classifier.js';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../text/named.js';
import { classesAreFolders, noticesOf, taskNameOf, validationOf, hasImages } from '../data/dataset-facts.js';
import { relabeledSplit, type ClassMap } from '../data/relabeled-split.js';
import { endpointOptions, isEndpoint } from '../endpoint/endpoint-options.js';
import { httpTeacher } from '../endpoint/http-teacher.js';
import { isGiven } from '../options/given-model.js';
import { optionError } from '../options/option-error.js';
import { valueClassifier } from '../teacher-values/value-classifier.js';
import type { OpenedTask } from '../tasks/opened-task.js';
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

/** The same with an absolute path. */
export const anchoredTeacher = (teacher: Named, cwd: string): Named =>
  isGiven(teacher) && !isEndpoint(teacher) && !isAbsolute(teacher.name)
    ? { ...teacher, name: resolve(cwd, teacher.name) }
    : teacher;

/**
 * Opens the file, run or HTTP endpoint that a run's teacher is. Throws `ANC_OPTIONS` and what reading it throws.
 *
 * @param signal aborts waiting requests
 */
export async function openGivenTeacher(
  { model, preprocessing, classes }: TeacherOptions,
  dataset: Dataset,
  backend: Backend,
  composition: Composition,
  task: OpenedTask,
  signal?: AbortSignal,
): Promise<GivenTeacher> {
  const { name, options } = model;
  if (isEndpoint(model)) {
    if (preprocessing !== undefined) {
      throw optionError(
        ['teacher', 'preprocessing'],
        'a teacher behind an address takes images as they are.',
        {
          expected: 'no preprocessing: the server does it',
          received: preprocessing,
        },
      );
    }
    const teacher = httpTeacher(name, { ...(await endpointOptions(model)), ...(signal && { signal }) });
    return { name: 'teacher', model, given: await valueClassifier(teacher, dataset, classes) };
  }
  const cwd = process.cwd(); // paths are absolute by now
  const file = (await findModelInRun(name, 'teacher', cwd))?.path ?? name;
  const opening = await fileOptions(file, options, name);
  const given = await openClassifier(
    {
      file,
      cwd,
      images: dataset.shape,
      backend,
      outputs: task.task.outputs(task.data),
      ...(preprocessing === undefined ? {} : { preprocessing }),
      ...(classes === undefined ? {} : { classes }),
      ...(dataset.classes.length === 0 ? {} : { imageClasses: dataset.classes.length }),
      ...(dataset.classes.length === 0 || classesAreFolders(dataset) ? {} : { classNames: dataset.classes }),
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
    const { map, notice: uncertain } = pairClasses(given.model, given, dataset);
    if (uncertain !== null && dataset.classes.length > 0) notice(uncertain);
    return new RelabeledDataset(dataset, given.classNames ?? dataset.classes, map);
  } catch (error) {
    if (!isAncError(error) || error.code !== 'ANC_CLASSES') throw error;
    if (dataset.classes.length > 0) {
      notice(
        `the labels of "${dataset.name}" are not the teacher's classes, so they are not used: ` +
          `students are measured by their agreement with the teacher.${unmatched(given, dataset)}`,
      );
    }
    const names = given.classNames ?? Array.from({ length: given.classes }, (_, i) => String(i));
    return new RelabeledDataset(dataset, names, 'none');
  }
}

const MOST_NAMED = 6;

/** The classes of a dataset that a teacher does not name, where it names any. */
function unmatched({ classNames }: Classifier, { classes }: Dataset): string {
  if (classNames === null) return '';
  const places = matchNames(classes, classNames);
  const unknown = classes.filter((_, i) => places[i] === -1);
  if (unknown.length === classes.length) return '';
  const more = unknown.length > MOST_NAMED ? ', …' : '';
  return ` The teacher does not name ${unknown.slice(0, MOST_NAMED).join(', ')}${more}.`;
}

class RelabeledDataset extends Dataset {
  readonly name: string;
  override readonly classesAreFolders: boolean;
  override readonly task: string;
  override readonly hasImages: boolean;
  /** Whether it has labels that are not used, as `labelsAreUnused` tells. */
  readonly unusedLabels: boolean;
  readonly shape: Dataset['shape'];

  constructor(
    readonly inner: Dataset,
    readonly classes: readonly string[],
    readonly map: ClassMap | 'none',
  ) {
    super();
    this.name = inner.name;
    this.shape = inner.shape;
    this.classesAreFolders = classesAreFolders(inner);
    this.task = taskNameOf(inner);
    this.hasImages = hasImages(inner);
    this.unusedLabels = map === 'none' && inner.classes.length > 0;
  }

  override get notices(): readonly string[] {
    return noticesOf(this.inner);
  }

  async split(name: SplitName): Promise<DatasetSplit> {
    return this.#relabeled(await this.inner.split(name));
  }

  override async validation(): Promise<DatasetSplit | null> {
    const split = await validationOf(this.inner);
    return split === null ? null : this.#relabeled(split);
  }

  #relabeled(split: DatasetSplit): DatasetSplit {
    return this.map === 'none' ? { images: split.images, labels: null } : relabeledSplit(split, this.map);
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
