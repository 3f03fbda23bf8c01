import type { Tensor } from '@tensorflow/tfjs-core';
import { AncError } from '../errors/error.js';

/** A flat tree of named leaves. Names are `/`-separated paths and are a checkpoint's keys. */
export type Tree<T = Tensor> = Readonly<Record<string, T>>;

/** A tensor on the host. A `Uint8Array` holds bytes 0..255, which networks get as float32. */
export interface HostTensor {
  /** Shape, row-major. */
  readonly shape: readonly number[];
  /** Values in row-major order. */
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Element type of a host tensor; a backend converts `uint8` to float32. */
export type DType = 'float32' | 'int32' | 'uint8';

/** Shape and element type of a leaf, batch dimension included. */
export interface LeafSpec {
  /** Shape, batch axis included. */
  readonly shape: readonly number[];
  /** Element type. */
  readonly dtype: DType;
}

/** Index of the first number that is NaN or infinite; -1 where all are finite. */
export function firstNotFinite(data: HostTensor['data']): number {
  // A loop: `findIndex` takes several times as long over the millions of a network.
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}

/** Leaf names in code-unit order, the order in which trees are walked wherever the order matters. */
export const namesOf = (tree: Tree<unknown>): string[] => Object.keys(tree).sort();

/** Applies `f` to every leaf; the names stay. */
export function mapTree<A, B>(tree: Tree<A>, f: (leaf: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(tree).map(([name, leaf]) => [name, f(leaf, name)]));
}

/** Puts `prefix/` before every name. */
export function prefixTree<T>(prefix: string, tree: Tree<T>): Record<string, T> {
  return Object.fromEntries(Object.entries(tree).map(([name, leaf]) => [`${prefix}/${name}`, leaf]));
}

/** The leaves whose names start with `prefix/`, without the prefix. */
export function subtree<T>(tree: Tree<T>, prefix: string): Record<string, T> {
  const start = `${prefix}/`;
  const found: [string, T][] = [];
  for (const name of Object.keys(tree)) {
    if (name.startsWith(start)) found.push([name.slice(start.length), tree[name]!]);
  }
  return Object.fromEntries(found);
}

/** `subtree` for each of these prefixes, in one pass over the tree. */
export function subtrees<T>(
  tree: Tree<T>,
  prefixes: readonly string[],
): ReadonlyMap<string, Record<string, T>> {
  const found = new Map(prefixes.map((prefix) => [prefix, [] as [string, T][]]));
  for (const name of Object.keys(tree)) {
    for (let end = name.indexOf('/'); end !== -1; end = name.indexOf('/', end + 1)) {
      found.get(name.slice(0, end))?.push([name.slice(end + 1), tree[name]!]);
    }
  }
  return new Map([...found].map(([prefix, leaves]) => [prefix, Object.fromEntries(leaves)]));
}

/**
 * Joins trees of disjoint names.
 *
 * @throws `ANC_TREE` where two trees have the same name.
 */
export function mergeTrees<T>(...trees: readonly Tree<T>[]): Record<string, T> {
  const merged: Record<string, T> = {};
  for (const [name, leaf] of trees.flatMap((tree) => Object.entries(tree))) {
    if (Object.hasOwn(merged, name)) throw new AncError('ANC_TREE', `the name "${name}" is in two trees.`);
    merged[name] = leaf;
  }
  return merged;
}

/** Number of elements of a shape; 1 for a scalar. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Shape and element type of a host tensor. */
export function specOf(host: HostTensor): LeafSpec {
  const dtype =
    host.data instanceof Float32Array ? 'float32' : host.data instanceof Int32Array ? 'int32' : 'uint8';
  return { shape: host.shape, dtype };
}

/** A host tensor of zeros. */
export function zeros({ shape, dtype }: LeafSpec): HostTensor {
  const array = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }[dtype];
  return { shape, data: new array(sizeOf(shape)) };
}

/** A float32 host tensor of one repeated value. */
export const filled = (shape: readonly number[], value = 0): HostTensor => ({
  shape: [...shape],
  data: new Float32Array(sizeOf(shape)).fill(value),
});
