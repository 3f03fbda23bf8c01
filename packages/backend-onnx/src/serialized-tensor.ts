import { toStateLayout } from '@anc/compiler';
import { mapTree, specOf, type HostTensor, type LeafSpec, type Tree } from '@anc/core';
import { assertFeed } from '@anc/core/internal';
import type { SerializedTensor, SerializedTensors } from './engine/protocol.js';

/** A state entry in the memory order that steps use. */
export const serializeStateEntry = (entry: HostTensor): SerializedTensor =>
  serializeTensor(toStateLayout(entry));

export const serializeTensor = (host: HostTensor): SerializedTensor => ({
  type: specOf(host).dtype,
  shape: host.shape,
  data: host.data,
});

/**
 * Serializes the entries that `spec` names.
 *
 * @param what names an entry in errors: "the input"
 * @throws `ANC_FEED` if an entry is missing, or has another shape or type
 */
export function serializeTree(what: string, tree: Tree<HostTensor>, spec: Tree<LeafSpec>): SerializedTensors {
  assertFeed(what, tree, spec);
  return mapTree(spec, (_, name) => serializeTensor(tree[name]!));
}
