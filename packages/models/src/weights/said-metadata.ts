import type { Tree } from '@anc/core';

/**
 * What a program of ours wrote beside a model of another format: its texts by name. A normalisation that was folded
 * into the model is no part of the network, and is given as the network's.
 */
export function saidMetadata(written: unknown): Tree<string> {
  const entries = Object.entries(written ?? {}) as [string, unknown][];
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const { foldedNormalization: normalization, ...rest } = Object.fromEntries(texts);
  return { ...(normalization === undefined ? {} : { normalization }), ...rest };
}
