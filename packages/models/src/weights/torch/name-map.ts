import { AncError, sizeOf, type Stored, type Tree, type Variables } from '@anc/core';
import type { KernelLayout, StateDict } from '../state-dict.js';

/** The checkpoint's name for each of our variables. */
export type NameMap = (ours: string) => string;

/** Tensors that PyTorch counts with and no network computes with. */
const COUNTERS = /(^|\.)num_batches_tracked$/;

/** Fills a network's variables from a PyTorch state dict: see `fillFrom`. */
export const fillFromTorch = (
  template: Variables<{ readonly shape: readonly number[] }>,
  stateDict: Tree<Stored>,
  map: NameMap,
): Variables<Stored> => fillFrom(template, { tensors: stateDict, layout: 'torch' }, map);

/**
 * A network's variables as a file's tensors, each read and turned when it is wanted.
 *
 * `template` says names and shapes. PyTorch's convolutions turn from [O, I, H, W] to [H, W, I, O], depthwise ones
 * from [C, 1, H, W] to [H, W, C, 1], matrices from [out, in] to [in, out]. Strict: throws `ANC_WEIGHTS` on a tensor
 * that is missing, of another shape, or left over.
 */
export function fillFrom(
  template: Variables<{ readonly shape: readonly number[] }>,
  { tensors: stateDict, layout }: Pick<StateDict, 'tensors' | 'layout'>,
  map: NameMap,
): Variables<Stored> {
  const used = new Set<string>();
  const fill = (tree: Tree<{ readonly shape: readonly number[] }>): Record<string, Stored> =>
    Object.fromEntries(
      Object.entries(tree).map(([ours, { shape }]) => {
        const theirs = map(ours);
        const stored = Object.hasOwn(stateDict, theirs) ? stateDict[theirs] : undefined;
        if (stored === undefined) {
          throw new AncError('ANC_WEIGHTS', `the checkpoint has no tensor "${theirs}" for "${ours}".`, {
            received: `${Object.keys(stateDict).slice(0, 6).join(', ')}, …`,
          });
        }
        used.add(theirs);
        return [ours, arranged(ours, stored, shape, layout)];
      }),
    );
  const filled = { params: fill(template.params), stats: fill(template.stats) };
  const left = Object.keys(stateDict).filter((name) => !used.has(name) && !COUNTERS.test(name));
  if (left.length > 0) {
    throw new AncError('ANC_WEIGHTS', 'the checkpoint has tensors that the network has no place for.', {
      received: left.slice(0, 8).join(', '),
    });
  }
  return filled;
}

/** For each axis of ours, the axis of theirs. */
function axesOf(name: string, rank: number, layout: KernelLayout): readonly number[] {
  if (layout === 'tensorflow') return Array.from({ length: rank }, (_, axis) => axis);
  if (rank === 4) return name.includes('depthwise') ? [2, 3, 0, 1] : [2, 3, 1, 0];
  return rank === 2 ? [1, 0] : Array.from({ length: rank }, (_, axis) => axis);
}

/** The shape that a file's tensor for our variable `name` has once it is turned. */
export const arrangedShape = (name: string, shape: readonly number[], layout: KernelLayout): number[] =>
  axesOf(name, shape.length, layout).map((axis) => shape[axis]!);

function arranged(name: string, stored: Stored, shape: readonly number[], layout: KernelLayout): Stored {
  const axes = axesOf(name, stored.shape.length, layout);
  const own = arrangedShape(name, stored.shape, layout);
  if (own.length !== shape.length || own.some((size, axis) => size !== shape[axis])) {
    throw new AncError('ANC_WEIGHTS', `the checkpoint's tensor for "${name}" has another shape.`, {
      expected: `[${shape.join(', ')}]`,
      received: `[${own.join(', ')}] (stored as [${stored.shape.join(', ')}])`,
    });
  }
  if (stored.dtype !== 'float32') {
    throw new AncError('ANC_WEIGHTS', `the checkpoint's tensor for "${name}" does not hold floats.`);
  }
  return {
    shape: own,
    dtype: 'float32',
    load: () => ({ shape: own, data: permuted(stored.load().data as Float32Array, stored.shape, axes) }),
  };
}

/** Copies an array of `shape` so that axis `i` of the result is axis `axes[i]` of the source. */
export function permuted(
  data: Float32Array,
  shape: readonly number[],
  axes: readonly number[],
): Float32Array {
  if (axes.every((axis, i) => axis === i)) return data;
  if (axes.at(-1) === 0) return transposed(data, shape, axes);
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const sizes = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const last = sizes.length - 1;
  const output = new Float32Array(data.length);
  const index = sizes.map(() => 0);
  const [inner, innerStep] = [sizes[last]!, steps[last]!];
  for (let i = 0, at = 0; i < output.length; i += inner) {
    for (let j = 0; j < inner; j++) output[i + j] = data[at + j * innerStep]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      at -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return output;
}

/** Side of the squares that are turned at a time. */
const TILE = 32;
/** Rows of a square do not lie at powers of two, which would meet in the same places of the processor's cache. */
const TILE_ROW = TILE + 1;

/**
 * `permuted` where the first axis becomes the last: a matrix [shape[0], rest] turned, its rows then in another order.
 * Squares go through a small array, so that the large ones are read and written along their rows.
 */
function transposed(data: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  const [columns = 1, ...rest] = shape;
  const rows = sizeOf(rest);
  const order = rowOrder(
    rest,
    axes.slice(0, -1).map((axis) => axis - 1),
  );
  const output = new Float32Array(data.length);
  const tile = new Float32Array(TILE * TILE_ROW);
  for (let top = 0; top < rows; top += TILE) {
    const height = Math.min(TILE, rows - top);
    for (let left = 0; left < columns; left += TILE) {
      const width = Math.min(TILE, columns - left);
      for (let column = 0; column < width; column++) {
        const from = (left + column) * rows + top;
        for (let row = 0; row < height; row++) tile[row * TILE_ROW + column] = data[from + row]!;
      }
      for (let row = 0; row < height; row++) {
        const to = order[top + row]! * columns + left;
        for (let column = 0; column < width; column++) output[to + column] = tile[row * TILE_ROW + column]!;
      }
    }
  }
  return output;
}

/** For each place of an array of `shape`, its place where axis `i` of the result is axis `axes[i]`. */
function rowOrder(shape: readonly number[], axes: readonly number[]): Int32Array {
  const sizes = axes.map((axis) => shape[axis]!);
  const steps = shape.map((_, axis) => sizeOf(sizes.slice(axes.indexOf(axis) + 1)));
  const order = new Int32Array(sizeOf(shape));
  const index = shape.map(() => 0);
  for (let i = 0, at = 0; i < order.length; i++) {
    order[i] = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= steps[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return order;
}
