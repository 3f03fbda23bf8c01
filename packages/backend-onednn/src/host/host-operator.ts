import type { FlatNode } from '../graph/flat-graph.js';

/** The numbers of a tensor on the host: 64-bit integers as int32, booleans as bytes. */
export type HostData = Float32Array | Int32Array | Uint8Array;

/** A tensor on the host, its elements in the order of the axes. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: HostData;
}

/** One call of a host operator; an input of null is an optional one left out. */
export interface HostCall {
  readonly node: FlatNode;
  readonly inputs: readonly (HostTensor | null)[];
  readonly outputs: readonly HostTensor[];
}

/** Computes a node in plain JavaScript, writing into its outputs. */
export type HostOperator = (call: HostCall) => void;

/** Strides that read a tensor as if it had a larger shape, to which it broadcasts. */
export function broadcastStrides(shape: readonly number[], to: readonly number[]): number[] {
  const strides = new Array<number>(to.length).fill(0);
  let next = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1) strides[axis + to.length - shape.length] = next;
    next *= shape[axis]!;
  }
  return strides;
}

/** For every element of a shape, in order: the place that strides give it, plus a constant. */
export function places(shape: readonly number[], strides: readonly number[], start = 0): Int32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  const found = new Int32Array(count).fill(start);
  let repeat = 1; // how many elements follow each other with the same index along an axis
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const [size, stride] = [shape[axis]!, strides[axis]!];
    if (stride !== 0) {
      for (let i = 0, index = 0, left = repeat; i < count; i++) {
        found[i] = found[i]! + index * stride;
        if (--left === 0) {
          left = repeat;
          index = index + 1 === size ? 0 : index + 1;
        }
      }
    }
    repeat *= size;
  }
  return found;
}

/** Strides of a tensor whose elements follow each other. */
export function ownStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

export const countOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);
