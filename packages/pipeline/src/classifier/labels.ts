import { AncError, type Dataset } from '@anc/core';

/** For each class of a dataset, the classifier's class of that name; null where nothing is known to differ. */
export type ClassMap = Int32Array | null;

/**
 * Pairs a dataset's classes with a classifier's: by name where both are named, else one to one. Throws `ANC_CLASSES`
 * where the classifier lacks a class of the data, or neither names nor numbers agree.
 */
export function pairClasses(
  what: string,
  { classes, classNames }: { readonly classes: number; readonly classNames: readonly string[] | null },
  dataset: Pick<Dataset, 'classes' | 'name'>,
): ClassMap {
  const wanted = dataset.classes;
  if (classNames !== null && wanted.every((name) => classNames.includes(name))) {
    const pairs = Int32Array.from(wanted, (name) => classNames.indexOf(name));
    return classes === wanted.length && pairs.every((to, from) => to === from) ? null : pairs;
  }
  if (classes === wanted.length) return null;
  const missing = classNames === null ? [] : wanted.filter((name) => !classNames.includes(name));
  throw new AncError('ANC_CLASSES', `${what} and the dataset "${dataset.name}" have different classes.`, {
    expected: `${wanted.length} classes, as the dataset has${missing.length === 0 ? '' : `: also ${missing.slice(0, 6).join(', ')}`}`,
    received: `${classes}`,
    hint: 'give the dataset that it was trained for, or a classifier whose classes are named as the dataset names them.',
  });
}
