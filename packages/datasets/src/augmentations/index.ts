import { AncError, type Augmentation } from '@anc/core';
import { affine, rotate, scale, translate } from './affine.js';
import { randAugment, trivialAugment } from './auto-augment.js';
import { blur } from './blur.js';
import { colorJitter } from './color-jitter.js';
import { crop } from './crop.js';
import { cutmix } from './cutmix.js';
import type { DeclaredAugmentation } from './declare.js';
import { flip } from './flip.js';
import { grayscale } from './grayscale.js';
import { mixup } from './mixup.js';
import { randomErasing } from './random-erasing.js';
import { resizeCrop } from './resize-crop.js';

/** The augmentations of this package, by name. */
export const augmentations = {
  crop,
  flip,
  'resize-crop': resizeCrop,
  affine,
  rotate,
  scale,
  translate,
  'color-jitter': colorJitter,
  grayscale,
  blur,
  'random-erasing': randomErasing,
  'rand-augment': randAugment,
  'trivial-augment': trivialAugment,
  mixup,
  cutmix,
} as const;

/** Name of an augmentation of this package. */
export type AugmentationName = keyof typeof augmentations;

/** An augmentation of this package for images [H, W, C]. Throws `ANC_OPTIONS` for options that it cannot have. */
export function createAugmentation(
  name: AugmentationName,
  options: Readonly<Record<string, unknown>>,
  shape: readonly [number, number, number],
): Augmentation {
  const { options: schema, create } = augmentations[name] as DeclaredAugmentation;
  const { success, data, error } = schema.safeParse(options);
  if (success) return create(data, { shape });
  throw new AncError('ANC_OPTIONS', `augmentation "${name}": ${error.issues[0]!.message}.`, { cause: error });
}
