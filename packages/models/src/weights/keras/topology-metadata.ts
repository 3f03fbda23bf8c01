import type { Tree } from '@anc/core';
import { inputOf } from './topology.js';

/** What a topology says of its network beside its layers, as a file of ours would: its images' shape. */
export function topologyMetadata(topology: unknown): Tree<string> {
  const input = inputOf(topology);
  return input === null ? {} : { input: JSON.stringify(input) };
}
