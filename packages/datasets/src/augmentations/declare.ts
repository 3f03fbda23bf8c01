import type { Augmentation, AugmentationEnvironment } from '@anc/core';
import { z } from 'zod';

/** An augmentation of this package: its options, and how one is made for images of a shape. */
export interface DeclaredAugmentation<S extends z.ZodObject = z.ZodObject> {
  readonly summary: string;
  readonly options: S;
  create(options: z.output<S>, environment: AugmentationEnvironment): Augmentation;
}

/** Types the options of an augmentation by their schema. Its first option may be given without its name. */
export const declareAugmentation = <S extends z.ZodObject>(
  declared: DeclaredAugmentation<S>,
): DeclaredAugmentation<S> => declared;

/** `name(option=value,…)` with every option, as part of a key. */
export const idOf = (name: string, options: object): string =>
  `${name}(${Object.entries(options)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')})`;

/** A smallest and a largest value in order. */
export const interval = (value: z.ZodNumber) =>
  z.tuple([value, value]).refine(([low, high]) => low <= high, 'expected the smaller value first');

export const probability = z.number().min(0).max(1);

export const interpolation = z
  .enum(['nearest', 'bilinear'])
  .default('nearest')
  .describe('how pixels between pixels are computed');
