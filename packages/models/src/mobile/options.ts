import { INITIALIZERS } from '@anc/core/internal';
import { z } from 'zod';
import { initializerOption, INITIALIZER_EXCEPT_LAST, momentumOption } from '../options.js';
import { isLarge, type MobileStyle } from './layers.js';

export const widthOption = z.number().positive().max(4).default(1);

export const stemStrideOption = z
  .int()
  .min(1)
  .max(2)
  .optional()
  .describe('stride of the first convolution; default: 2 for images of at least 64 pixels, else 1');

/** Options of all mobile networks. */
export const sharedOptions = {
  stemStride: stemStrideOption,
  momentum: momentumOption,
  initializer: initializerOption.describe(INITIALIZER_EXCEPT_LAST),
};

/** Options with the stride that follows from the images. */
export const withStemStride = <T extends { readonly stemStride?: number | undefined }>(
  options: T,
  input: readonly number[],
): T & { readonly stemStride: number } => ({
  ...options,
  stemStride: options.stemStride ?? (isLarge(input) ? 2 : 1),
});

/** The style of convolutions and batch norm from a network's options. */
export const styleOf = (
  { initializer, momentum }: { readonly initializer: keyof typeof INITIALIZERS; readonly momentum: number },
  epsilon: number,
  padding: MobileStyle['padding'] = 'both',
): MobileStyle => ({ initializer: INITIALIZERS[initializer], norm: { momentum, epsilon }, padding });
