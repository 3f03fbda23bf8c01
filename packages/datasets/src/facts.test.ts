import { describe, expect, it } from 'vitest';
import { cifar100Spec, cifar10Spec } from './cifar/cifar-spec.js';
import { datasetFacts, factsOf, imagenetByteNormalizations } from './facts.js';
import { fashionMnistSpec, mnistSpec } from './mnist/mnist-spec.js';
import { SVHN_FILES } from './svhn/svhn-spec.js';

describe('datasetFacts', () => {
  it('agree with the files that are read', () => {
    for (const { name, shape, classes, splits } of [mnistSpec, fashionMnistSpec]) {
      expect(factsOf(name)).toMatchObject({
        name,
        shape,
        classes: classes.length,
        trainingImages: splits.train.count,
        testImages: splits.test.count,
      });
    }
    const total = (files: readonly { count: number }[]): number =>
      files.reduce((sum, { count }) => sum + count, 0);
    for (const { name, classes, layouts } of [cifar10Spec, cifar100Spec('fine')]) {
      for (const { splits } of layouts) {
        expect(factsOf(name)).toMatchObject({
          name,
          classes: classes.length,
          trainingImages: total(splits.train),
          testImages: total(splits.test),
        });
      }
    }
    expect(factsOf('svhn')).toMatchObject({
      trainingImages: SVHN_FILES.train.count,
      testImages: SVHN_FILES.test.count,
    });
  });

  it('are listed by their own names, with a value for each channel', () => {
    for (const [key, { name, shape, normalization }] of Object.entries(datasetFacts)) {
      expect(name).toBe(key);
      expect([normalization.mean.length, normalization.std.length]).toEqual([shape[2], shape[2]]);
    }
  });

  it('have nothing about other names', () => {
    for (const name of ['glyphs', 'image-folder', 'toString']) expect(factsOf(name)).toBeNull();
  });

  it('give the same normalization for bytes', () => {
    const { mean, std } = datasetFacts.imagenet.normalization;
    const { torchvision } = imagenetByteNormalizations;
    torchvision.mean.forEach((value, i) => expect(value).toBeCloseTo(255 * mean[i]!, 10));
    torchvision.std.forEach((value, i) => expect(value).toBeCloseTo(255 * std[i]!, 10));
  });
});
