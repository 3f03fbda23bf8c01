import type { DataType } from '../library/constants.js';
import type { Handle } from '../library/onednn.js';

/** Bytes to which tensors are aligned: a cache line, and a vector of AVX-512. */
export const ALIGNMENT = 64;

/** Where bytes begin. */
export interface Place {
  readonly buffer: ArrayBufferLike;
  readonly offset: number;
}

/**
 * Memory of one or several tensors. What is kept (inputs, constants) has a place of its own; the rest shares an arena, in
 * which places are given after all steps are known.
 */
export class Storage {
  /** Steps that first and last use it. */
  first = Infinity;
  last = -1;
  /** Values of the graph that lie in it. */
  readonly values = new Set<number>();
  #place: Place | null = null;

  constructor(
    readonly bytes: number,
    /** Computed once, when the program is built. */
    readonly isConstant: boolean,
    /** Whether it holds what a program is given, and may not overwrite: an input, a constant, an entry of a state. */
    readonly isFixed = isConstant,
  ) {}

  get place(): Place {
    if (this.#place === null) throw new Error('a tensor has no memory yet');
    return this.#place;
  }

  put(buffer: ArrayBufferLike, offset: number): void {
    this.#place = { buffer, offset };
  }

  usedBy(step: number): void {
    this.first = Math.min(this.first, step);
    this.last = Math.max(this.last, step);
  }
}

/** A tensor in memory. Shapes have one axis at least. */
export interface Tensor {
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Elements between neighbors along each axis; null where the library chose a layout of its own. */
  readonly strides: readonly number[] | null;
  readonly descriptor: Handle;
  readonly storage: Storage;
  /** Bytes from the beginning of the storage. */
  readonly offset: number;
  /** What a step of an 8-bit tensor stands for; null for tensors that hold the numbers themselves. */
  readonly scale: number | null;
}

/** A tensor for host code: its elements in the order of the axes. */
export interface HostArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** The library knows no tensor without axes. */
export const shaped = (shape: readonly number[]): readonly number[] => (shape.length === 0 ? [1] : shape);

/** Strides of a tensor whose elements follow each other in the order of the axes. */
export function plainStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Strides of [B, C, H, W] with channels beside each other. */
export function channelsLast(shape: readonly number[]): number[] {
  const [, channels, height, width] = shape as [number, number, number, number];
  return [channels * height * width, 1, width * channels, channels];
}

/** Whether elements follow each other in the order of the axes; strides of axes of size 1 mean nothing. */
export function isPlain({ shape, strides }: Pick<Tensor, 'shape' | 'strides'>): boolean {
  if (strides === null) return false;
  const plain = plainStrides(shape);
  return shape.every((size, axis) => size === 1 || strides[axis] === plain[axis]);
}

/** Gives storages places in as little memory as a first fit by size finds. Returns the bytes of the arena. */
export function placesOf(storages: readonly Storage[]): {
  readonly offsets: number[];
  readonly bytes: number;
} {
  const order = storages.map((_, i) => i).sort((a, b) => storages[b]!.bytes - storages[a]!.bytes);
  const offsets = new Array<number>(storages.length).fill(0);
  /** In the order of their offsets. */
  const placed: number[] = [];
  let bytes = 0;
  for (const i of order) {
    const own = storages[i]!;
    const size = aligned(own.bytes);
    let at = 0;
    for (const other of placed) {
      const { first, last, bytes } = storages[other]!;
      if (first > own.last || own.first > last) continue;
      if (at + size <= offsets[other]!) break;
      at = Math.max(at, offsets[other]! + aligned(bytes));
    }
    offsets[i] = at;
    placed.splice(firstAbove(placed, offsets, at), 0, i);
    bytes = Math.max(bytes, at + size);
  }
  return { offsets, bytes };
}

/** Where in `placed`, which is sorted by offsets, something at an offset goes: before what lies above it. */
function firstAbove(placed: readonly number[], offsets: readonly number[], at: number): number {
  let [from, to] = [0, placed.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (offsets[placed[middle]!]! > at) to = middle;
    else from = middle + 1;
  }
  return from;
}

export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
