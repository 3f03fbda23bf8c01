import type { Dataset, DatasetSplit } from '@anc/core';
import { describe, expect, it } from 'vitest';
import type { Classifier } from './classifier.js';
import { pairedSplit } from './paired-split.js';

const dataset = { name: 'pets', classes: ['cat', 'dog'] } as unknown as Dataset;
const split = { images: {}, labels: () => Promise.resolve(Int32Array.of(0, 1)) } as unknown as DatasetSplit;
const classifierOf = (classNames: readonly string[]): Classifier =>
  ({ classes: classNames.length, classNames }) as unknown as Classifier;

const pair = (classNames: readonly string[], ofRun: boolean, images = split) => {
  const notices: string[] = [];
  return { ...pairedSplit(images, 'student', classifierOf(classNames), dataset, ofRun, notices), notices };
};

describe('pairedSplit', () => {
  it('measures with labels, as indices of the classifier, where the classes are paired', async () => {
    const { pairing, measured, notices } = pair(['dog', 'cat'], true);
    expect(pairing!.map).toEqual(Int32Array.of(1, 0));
    expect(await measured.labels!()).toEqual(Int32Array.of(1, 0));
    expect(notices).toEqual([]);
  });

  it('measures without labels on the images of the run where the classes are others', () => {
    const { pairing, measured, notices } = pair(['owl', 'fox', 'hen'], true);
    expect(pairing).toBeNull();
    expect(measured).toEqual({ images: split.images, labels: null });
    expect(notices).toEqual(['the labels of "pets" are not the classes of student, so they are not used.']);
  });

  it('refuses images of other classes that were given', () => {
    expect(() => pair(['owl', 'fox', 'hen'], false)).toThrow(
      expect.objectContaining({ code: 'ANC_CLASSES' }),
    );
  });

  it('pairs nothing where there are no labels', () => {
    const unlabelled = { ...split, labels: null };
    expect(pair(['owl', 'fox', 'hen'], false, unlabelled)).toEqual({
      pairing: null,
      measured: unlabelled,
      notices: [],
    });
  });
});
