import type { Tensor } from '@tensorflow/tfjs-core';
import { AncError } from '../errors/error.js';

/** A flat tree of named leaves. Names are `/`-separated paths and are a checkpoint's keys. */
export type Tree<T = Tensor> = Readonly<Record<string, T>>;

/** A tensor on the host. `Uint8Array` holds bytes 0..255 that networks see as float32. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Element type of a host array as it crosses to a backend; `uint8` arrives in networks as float32. */
export type DType = 'float32' | 'int32' | 'uint8';

/** Shape and element type of a leaf, batch dimension included. */
export interface LeafSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Leaf names in code-unit order: the one order in which trees are walked where order matters. */
export const namesOf = (tree: Tree<unknown>): string[] => Object.keys(tree).sort();

export function mapTree<A, B>(tree: Tree<A>, f: (leaf: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(tree).map(([name, leaf]) => [name, f(leaf, name)]));
}

/** Pairs two trees of the same names. Throws `ANC_TREE` where the names differ. */
export function zipTrees<A, B, C>(
  a: Tree<A>,
  b: Tree<B>,
  f: (x: A, y: B, name: string) => C,
): Record<string, C> {
  const missing = Object.keys(a).find((name) => !Object.hasOwn(b, name));
  const extra = Object.keys(b).find((name) => !Object.hasOwn(a, name));
  if (missing !== undefined || extra !== undefined) {
    throw new AncError('ANC_TREE', `two trees differ in names: "${missing ?? extra}" is in only one.`);
  }
  return mapTree(a, (leaf, name) => f(leaf, b[name] as B, name));
}

/** Puts `prefix/` before every name. */
export function prefixTree<T>(prefix: string, tree: Tree<T>): Record<string, T> {
  return Object.fromEntries(Object.entries(tree).map(([name, leaf]) => [`${prefix}/${name}`, leaf]));
}

/** The leaves under `prefix/`, with the prefix taken off. */
export function subtree<T>(tree: Tree<T>, prefix: string): Record<string, T> {
  const start = `${prefix}/`;
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([name]) => name.startsWith(start))
      .map(([name, leaf]) => [name.slice(start.length), leaf]),
  );
}

/** Joins trees of disjoint names. Throws `ANC_TREE` on a name that comes twice. */
export function mergeTrees<T>(...trees: readonly Tree<T>[]): Record<string, T> {
  const merged: Record<string, T> = {};
  for (const [name, leaf] of trees.flatMap((tree) => Object.entries(tree))) {
    if (Object.hasOwn(merged, name)) throw new AncError('ANC_TREE', `the name "${name}" comes twice.`);
    merged[name] = leaf;
  }
  return merged;
}

/** Number of elements of a shape; 1 for a scalar. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Number of elements in all leaves. */
export const countElements = (tree: Tree<{ readonly shape: readonly number[] }>): number =>
  Object.values(tree).reduce((sum, leaf) => sum + sizeOf(leaf.shape), 0);

/** What a backend must know of a host array before it comes. */
export function specOf(host: HostTensor): LeafSpec {
  const dtype =
    host.data instanceof Float32Array ? 'float32' : host.data instanceof Int32Array ? 'int32' : 'uint8';
  return { shape: host.shape, dtype };
}

/** A leaf of zeros of a known shape and type. */
export function zeros({ shape, dtype }: LeafSpec): HostTensor {
  const array = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }[dtype];
  return { shape, data: new array(sizeOf(shape)) };
}

/** A float32 leaf of one value repeated. */
export const filled = (shape: readonly number[], value = 0): HostTensor => ({
  shape: [...shape],
  data: new Float32Array(sizeOf(shape)).fill(value),
});
