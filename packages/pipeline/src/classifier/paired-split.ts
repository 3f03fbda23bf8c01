import { isAncError, type Dataset, type DatasetSplit } from '@anc/core';
import { pairClasses, type ClassPairing } from './labels.js';
import type { Classifier } from './open-classifier.js';

/**
 * The images to measure on, and how their classes are paired with the classifier's. On the images of its own run, whose
 * classes need not be the teacher's, a student is measured without labels, as the run did. Throws `ANC_CLASSES`.
 */
export function pairedSplit(
  split: DatasetSplit,
  name: string,
  classifier: Classifier,
  dataset: Dataset,
  ofRun: boolean,
  notices: string[],
): { readonly pairing: ClassPairing | null; readonly measured: DatasetSplit } {
  if (split.labels === null) return { pairing: null, measured: split };
  try {
    return { pairing: pairClasses(name, classifier, dataset), measured: split };
  } catch (error) {
    if (!ofRun || !isAncError(error) || error.code !== 'ANC_CLASSES') throw error;
    notices.push(`the labels of "${dataset.name}" are not the classes of ${name}, so they are not used.`);
    return { pairing: null, measured: { ...split, labels: null } };
  }
}
