import type { Dataset, DatasetSplit } from '@anc/core';

/** What datasets of plugins that were built for an earlier version do not have. */
type Optional = Partial<Pick<Dataset, 'notices' | 'validation' | 'classesAreFolders' | 'task' | 'hasImages'>>;

/** How a dataset's files were read, in sentences. */
export const noticesOf = (dataset: Optional): readonly string[] => dataset.notices ?? [];

/** A dataset's own images for choices during training; null without any. */
export const validationOf = (dataset: Optional): Promise<DatasetSplit | null> =>
  dataset.validation?.() ?? Promise.resolve(null);

/** Whether the numbers of a dataset's classes say nothing of a network that was trained elsewhere. */
export const classesAreFolders = (dataset: Optional): boolean => dataset.classesAreFolders ?? false;

/** The task that a dataset's targets are for, by name. */
export const taskNameOf = (dataset: Optional): string => dataset.task ?? 'classification';

/** Whether a dataset has images. */
export const hasImages = (dataset: Optional): boolean => dataset.hasImages ?? true;

/** Whether a dataset has labels that are not used, because a given teacher has other classes. */
export const labelsAreUnused = (dataset: Dataset): boolean =>
  (dataset as { readonly unusedLabels?: boolean }).unusedLabels === true;
