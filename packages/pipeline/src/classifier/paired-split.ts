import { isAncError, targetsOf, type Dataset, type DatasetSplit } from '@anc/core';
import { relabeledSplit } from '../data/relabeled-split.js';
import { pairClasses, type ClassPairing } from './labels.js';
import type { Classifier } from './classifier.js';

/**
 * The images to measure on, with labels as the classifier's classes, and how these were paired with the images'. On the images of its own run, whose
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
  if (targetsOf(split) === null) return { pairing: null, measured: split };
  try {
    const pairing = pairClasses(name, classifier, dataset);
    return { pairing, measured: relabeledSplit(split, pairing.map) };
  } catch (error) {
    if (!ofRun || !isAncError(error) || error.code !== 'ANC_CLASSES') throw error;
    notices.push(`the labels of "${dataset.name}" are not the classes of ${name}, so they are not used.`);
    return { pairing: null, measured: { images: split.images, labels: null } };
  }
}
