import { AncError, type Dataset } from '@anc/core';
import { matchNames } from '@anc/datasets';
import { classesAreFolders } from '../data/dataset-facts.js';
import type { ClassMap } from '../data/relabeled-split.js';

/** How the classes of images and classifier belong together. */
export interface ClassPairing {
  /** For each class of a dataset, the classifier's class of that name; null where nothing is known to differ. */
  readonly map: ClassMap;
  /** By name; or, where names say nothing, the first with the first and so on. */
  readonly by: 'name' | 'position';
  /** What a person should know of a pairing that may be wrong. */
  readonly notice: string | null;
}

/** A classifier's classes; null where its file does not name them and nobody else did. */
interface ClassifierClasses {
  readonly classes: number;
  readonly classNames: readonly string[] | null;
}

/**
 * Pairs a dataset's classes with a classifier's: by name where both are named (letter case, hyphens, underscores and
 * spaces do not count), else one to one. Throws `ANC_CLASSES` where the classifier lacks a class of the data, or names
 * and positions contradict each other.
 */
export function pairClasses(
  what: string,
  classifier: ClassifierClasses,
  dataset: Pick<Dataset, 'classes' | 'name'> & Partial<Pick<Dataset, 'classesAreFolders'>>,
): ClassPairing {
  const { classes, classNames } = classifier;
  const wanted = dataset.classes;
  const found = classNames === null ? null : matchNames(wanted, classNames);
  if (found !== null && !found.includes(-1)) {
    const same = classes === wanted.length && found.every((to, from) => to === from);
    return { map: same ? null : found, by: 'name', notice: null };
  }
  const names = classNames !== null && saysNothing(classNames) ? null : classNames;
  const contradicts = names !== null && found!.some((to, from) => to !== -1 && to !== from);
  if (classes === wanted.length && !contradicts) {
    const certain = names === null && !classesAreFolders(dataset);
    return { map: null, by: 'position', notice: certain ? null : byPosition(what, names, dataset) };
  }
  const missing = names === null ? [] : wanted.filter((_, i) => found![i] === -1);
  const also = missing.length === 0 ? '' : `: also ${firstOf(missing)}`;
  throw new AncError('ANC_CLASSES', `${what} and the dataset "${dataset.name}" have different classes.`, {
    expected: `${wanted.length} classes, as the dataset has${also}`,
    received: `${classes}${names === null ? '' : `: ${firstOf(names)}`}`,
    hint: 'give the dataset that it was trained for, or a classifier whose classes are named as the dataset names them.',
  });
}

/** The first names of many. */
const firstOf = (names: readonly string[]): string =>
  `${names.slice(0, MOST_LISTED).join(', ')}${names.length > MOST_LISTED ? ', …' : ''}`;

const MOST_LISTED = 6;

/** Whether names are only the numbers of the outputs. */
const saysNothing = (names: readonly string[]): boolean => names.every((name, i) => name === String(i));

const MOST_SHOWN = 12;

function byPosition(
  what: string,
  names: readonly string[] | null,
  { classes, name }: Pick<Dataset, 'classes' | 'name'>,
): string {
  const pairs = classes
    .slice(0, MOST_SHOWN)
    .map((folder, i) => `${i}${names === null ? '' : ` (${names[i]})`} = ${folder}`);
  const rest = classes.length > MOST_SHOWN ? ', …' : '';
  const why = names === null ? 'does not name its classes' : `names its classes otherwise than "${name}"`;
  return `${what} ${why}, so its outputs are paired with the classes of the images by position: ${pairs.join(', ')}${rest}.`;
}
