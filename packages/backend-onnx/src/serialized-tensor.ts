import { physicalShape, stateLayout } from '@anc/compiler';
import { mapTree, specOf, type HostTensor, type LeafSpec, type Tree } from '@anc/core';
import { assertFeed, permuted } from '@anc/core/internal';
import type { SerializedTensor, SerializedTensors } from './engine/protocol.js';

/** A state entry in the memory order that steps use. */
export function serializeStateEntry({ shape, data }: HostTensor): SerializedTensor {
  const layout = stateLayout(shape);
  const type = specOf({ shape, data }).dtype;
  return { type, shape: physicalShape(shape, layout), data: permuted(data, shape, layout) };
}

/** A state entry in the host's memory order. */
export function deserializeStateEntry({ shape, data }: SerializedTensor): HostTensor {
  const layout = stateLayout(shape);
  const inverse = layout.map((_, axis) => layout.indexOf(axis));
  return { shape: physicalShape(shape, inverse), data: permuted(data, shape, inverse) };
}

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
