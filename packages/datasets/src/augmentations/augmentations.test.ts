import { augmentationContract } from '@anc/testing';
import { describe, expect, it } from 'vitest';
import { augmentations, createAugmentation, type AugmentationName } from './index.js';

/** Every augmentation as it is, and with options that make it do something every time. */
const VARIANTS: readonly (readonly [AugmentationName, Record<string, unknown>])[] = [
  ...(Object.keys(augmentations) as AugmentationName[])
    .filter((name) => name !== 'crop')
    .map((name) => [name, {}] as const),
  ['crop', { pad: 1 }],
  ['crop', { pad: 0 }],
  ['flip', { p: 0.25 }],
  ['affine', { degrees: [-180, 180], translate: 0.3, scale: 0.4, shear: 20, interpolation: 'bilinear' }],
  ['rotate', { degrees: 90, interpolation: 'bilinear' }],
  ['scale', { scale: [0.5, 2], interpolation: 'bilinear' }],
  ['translate', { share: [1, 0.5] }],
  ['color-jitter', { strength: 1, hue: 0.5 }],
  ['grayscale', { p: 1 }],
  ['blur', { kernel: 9, sigma: [1, 1] }],
  ['random-erasing', { p: 1, scale: [0.2, 0.6], value: 'random' }],
  ['rand-augment', { operations: 4, magnitude: 30, interpolation: 'bilinear' }],
  ['mixup', { alpha: 50 }],
  ['cutmix', { alpha: 0.3 }],
];

for (const [name, options] of VARIANTS) {
  describe(`${name} ${JSON.stringify(options)}`, () => {
    augmentationContract({ describe, it, expect }, (shape) => createAugmentation(name, options, shape));
  });
}

describe('wrong options', () => {
  it.each([
    ['crop', { pad: 9 }, /larger than the images/],
    ['crop', { pad: -1 }, /./],
    ['rotate', { degrees: NaN }, /./],
    ['rotate', { degrees: 181 }, /./],
    ['rotate', { degrees: [10, -10] }, /./],
    ['scale', { scale: 1 }, /./],
    ['translate', { share: 1.5 }, /./],
    ['color-jitter', { strength: -0.1 }, /./],
    ['color-jitter', { hue: 0.6 }, /./],
    ['blur', { kernel: 4 }, /odd/],
    ['blur', { sigma: [0, 1] }, /./],
    ['random-erasing', { p: 2 }, /./],
    ['random-erasing', { scale: [0.5, 0.2] }, /smaller value first/],
    ['rand-augment', { magnitude: 31 }, /too large/],
    ['mixup', { alpha: 0 }, /./],
    ['cutmix', { alpha: Infinity }, /./],
  ] as const)('of %s %j are refused', (name, options, message) => {
    expect(() => createAugmentation(name, options, [8, 12, 3])).toThrow(message);
    expect(() => createAugmentation(name, options, [8, 12, 3])).toThrow(
      expect.objectContaining({ code: 'ANC_OPTIONS' }),
    );
  });
});
