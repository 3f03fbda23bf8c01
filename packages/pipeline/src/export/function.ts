import { AncError, normalizedNetwork, subtree, type TensorFunction } from '@anc/core';
import type { ExportSource } from './source.js';

/** What goes into an exported classifier and what comes out. */
export interface ClassifierShape {
  /** Bytes (0..255) in, the normalization inside; else normalized floats. */
  readonly foldNormalization: boolean;
  /** Whether the features are an output, too. */
  readonly features: boolean;
}

/**
 * The function that is written into a file: `images` [batch, H, W, C] and variables in, `logits` [batch, classes] out.
 * Throws `ANC_EXPORT` where the normalization is to be inside and is not known.
 */
export function classifierOf(
  { network, normalization }: ExportSource,
  { foldNormalization, features }: ClassifierShape,
): TensorFunction {
  if (foldNormalization && normalization === null) {
    throw new AncError('ANC_EXPORT', '--fold-normalization: nothing says how the images are normalized.', {
      hint: 'say it with --preprocessing.',
    });
  }
  const whole = foldNormalization ? normalizedNetwork(network, normalization!) : network;
  return ({ images, ...tensors }, context) => {
    const own = { params: subtree(tensors, 'params'), stats: subtree(tensors, 'stats') };
    const { outputs } = whole.apply(own, images!, context);
    return { logits: outputs.logits, ...(features ? { features: outputs.features } : {}) };
  };
}
