import type { Tree } from '@anc/core';

/**
 * The metadata that our export wrote into a model of another format: the strings by key. A normalization that is folded
 * into the model is not part of its weights, so it is returned as the normalization of the network.
 */
export function embeddedMetadata(written: unknown): Tree<string> {
  const entries = Object.entries(written ?? {}) as [string, unknown][];
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const { foldedNormalization: normalization, ...rest } = Object.fromEntries(texts);
  return { ...(normalization === undefined ? {} : { normalization }), ...rest };
}
