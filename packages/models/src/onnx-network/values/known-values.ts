import { sizeOf } from '@anc/core';
import { known, type Known } from './value.js';

/** Numbers of a known value that may be computed on the host: shapes and small constants. */
export const MOST_ON_HOST = 2 ** 16;

/** The shape of two values that are combined element by element; null where they do not fit. */
export function broadcastDims(a: readonly number[], b: readonly number[]): number[] | null {
  const rank = Math.max(a.length, b.length);
  const dims: number[] = [];
  for (let at = 0; at < rank; at++) {
    const [left, right] = [a[at - rank + a.length] ?? 1, b[at - rank + b.length] ?? 1];
    if (left !== right && left !== 1 && right !== 1) return null;
    dims.push(left === 1 ? right : left);
  }
  return dims;
}

/** Positions in memory of a value of `dims`, for every element of `to`, to which it is broadcast. */
function positions(dims: readonly number[], to: readonly number[]): number[] {
  const shift = to.length - dims.length;
  const strides = to.map((_, axis) => {
    const own = axis - shift;
    return own < 0 || dims[own] === 1 ? 0 : sizeOf(dims.slice(own + 1));
  });
  return Array.from({ length: sizeOf(to) }, (_, i) => {
    let at = 0;
    for (let axis = to.length - 1, left = i; axis >= 0; axis--) {
      at += (left % to[axis]!) * strides[axis]!;
      left = Math.floor(left / to[axis]!);
    }
    return at;
  });
}

/** A known value, broadcast to a shape. */
export function broadcastKnown(value: Known, to: readonly number[]): Known {
  return known(
    positions(value.dims, to).map((at) => value.data[at]!),
    to,
    value.type,
  );
}

/** Combines two known values; null where their shapes do not fit. */
export function combineKnown(
  a: Known,
  b: Known,
  f: (a: number, b: number) => number,
  type: Known['type'] = a.type === 'float' || b.type === 'float' ? 'float' : 'integer',
): Known | null {
  const dims = broadcastDims(a.dims, b.dims);
  if (dims === null) return null;
  const [left, right] = [positions(a.dims, dims), positions(b.dims, dims)];
  return known(
    left.map((at, i) => f(a.data[at]!, b.data[right[i]!]!)),
    dims,
    type,
  );
}

export const mapKnown = (value: Known, f: (x: number) => number, type = value.type): Known =>
  known(Array.from(value.data, f), value.dims, type);

/** Elements along an axis, by their indices; `dims` of the result replace that axis. */
export function takeKnown(
  value: Known,
  axis: number,
  indices: readonly number[],
  dims: readonly number[],
): Known {
  const inner = sizeOf(value.dims.slice(axis + 1));
  const length = value.dims[axis]!;
  const outer = sizeOf(value.dims.slice(0, axis));
  const data: number[] = [];
  for (let o = 0; o < outer; o++) {
    for (const index of indices) {
      const start = (o * length + (index < 0 ? index + length : index)) * inner;
      for (let i = 0; i < inner; i++) data.push(value.data[start + i]!);
    }
  }
  return known(data, [...value.dims.slice(0, axis), ...dims, ...value.dims.slice(axis + 1)], value.type);
}

/** Known values one after the other along an axis. */
export function concatKnown(values: readonly Known[], axis: number): Known {
  const [first] = values as [Known];
  const outer = sizeOf(first.dims.slice(0, axis));
  const data: number[] = [];
  for (let o = 0; o < outer; o++) {
    for (const { data: own, dims } of values) {
      const length = sizeOf(dims.slice(axis));
      for (let i = 0; i < length; i++) data.push(own[o * length + i]!);
    }
  }
  const total = values.reduce((sum, { dims }) => sum + dims[axis]!, 0);
  const type = values.some((value) => value.type === 'float') ? 'float' : 'integer';
  return known(data, first.dims.with(axis, total), type);
}

/** A known value with its axes in another order. */
export function transposeKnown(value: Known, perm: readonly number[]): Known {
  const dims = perm.map((axis) => value.dims[axis]!);
  const strides = perm.map((axis) => sizeOf(value.dims.slice(axis + 1)));
  const data = Array.from({ length: sizeOf(dims) }, (_, i) => {
    let at = 0;
    for (let axis = dims.length - 1, left = i; axis >= 0; axis--) {
      at += (left % dims[axis]!) * strides[axis]!;
      left = Math.floor(left / dims[axis]!);
    }
    return value.data[at]!;
  });
  return known(data, dims, value.type);
}
