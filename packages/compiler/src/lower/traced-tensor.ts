import type { Value } from '../graph/value.js';

/** Types of traced tensors. */
export type TracedType = 'float32' | 'int32' | 'bool';

/**
 * A tensor while a function is traced: a graph value, and how its axes lie in memory.
 *
 * Physical axis i holds logical axis `layout[i]`: images that are [B, H, W, C] to the traced function stay in
 * [B, C, H, W] from one convolution to the next. A physical axis of size 1 stands for any logical size: a tensor that is
 * constant along an axis is stored and computed once for that axis.
 */
export interface TracedTensor {
  readonly value: Value;
  readonly layout: readonly number[];
  /** Logical shape. */
  readonly shape: readonly number[];
  readonly dtype: TracedType;
}

const identities: (readonly number[])[] = [];

export const identityLayout = (rank: number): readonly number[] =>
  (identities[rank] ??= Array.from({ length: rank }, (_, axis) => axis));

/** Memory order [B, C, H, W] of a logical [B, H, W, C]. */
export const NCHW: readonly number[] = [0, 3, 1, 2];

/** Memory order [O, I, H, W] of a logical filter [H, W, I, O]. */
export const OIHW: readonly number[] = [3, 2, 0, 1];

export const isIdentity = (layout: readonly number[]): boolean => layout.every((axis, i) => axis === i);

export const sameLayout = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((axis, i) => axis === b[i]);

/** The shape in memory of a logical shape. */
export const physicalShape = (shape: readonly number[], layout: readonly number[]): number[] =>
  layout.map((axis) => shape[axis]!);
