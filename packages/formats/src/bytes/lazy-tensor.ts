import { mapTree, specOf, type HostTensor, type LeafSpec, type Tree, type Variables } from '@anc/core';
import type { ReusableBuffer } from './byte-source.js';

/** A lazily loaded tensor: shape and element type are known, its values are read on demand. */
export interface LazyTensor extends LeafSpec {
  /**
   * Reads the values.
   * @param reuse memory that the values may be placed in; they are valid until it is used again
   */
  load(reuse?: ReusableBuffer): HostTensor;
}

/** Wraps a tensor that is already in memory. */
export const toLazyTensor = (host: HostTensor): LazyTensor => ({ ...specOf(host), load: () => host });

/** Loads every tensor of a tree. */
export const loadTree = (tree: Tree<LazyTensor>): Record<string, HostTensor> =>
  mapTree(tree, (tensor) => tensor.load());

/** Loads all variables of a network. */
export const loadVariables = ({ params, stats }: Variables<LazyTensor>): Variables<HostTensor> => ({
  params: loadTree(params),
  stats: loadTree(stats),
});
