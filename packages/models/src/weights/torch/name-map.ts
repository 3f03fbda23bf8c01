import { AncError, permuted, type Tree, type Variables } from '@anc/core';
import { ReusableBuffer, type KernelLayout, type LazyTensor, type StateDict } from '@anc/formats';
import type { FlattenedImages } from '../flattened.js';

/** The checkpoint's name for each of our variables. */
export type NameMap = (ours: string) => string;

/** Tensors that PyTorch counts with and no network computes with. */
const COUNTERS = /(^|\.)num_batches_tracked$/;

/**
 * A network's variables as a file's tensors, each read and turned when it is wanted.
 *
 * `template` says names and shapes. PyTorch's convolutions turn from [O, I, H, W] to [H, W, I, O], depthwise ones
 * from [C, 1, H, W] to [H, W, C, 1], matrices from [out, in] to [in, out], and those after a `flatten` (`images`) from
 * channels, rows, columns to rows, columns, channels. Strict: throws `ANC_WEIGHTS` on a tensor that is missing, of
 * another shape, or left over.
 */
export function fillFrom(
  template: Variables<{ readonly shape: readonly number[] }>,
  { tensors: stateDict, layout }: Pick<StateDict, 'tensors' | 'layout'>,
  map: NameMap,
  images: FlattenedImages = new Map(),
): Variables<LazyTensor> {
  const used = new Set<string>();
  const lent = new ReusableBuffer();
  const fill = (tree: Tree<{ readonly shape: readonly number[] }>): Record<string, LazyTensor> =>
    Object.fromEntries(
      Object.entries(tree).map(([ours, { shape }]) => {
        const theirs = map(ours);
        const stored = Object.hasOwn(stateDict, theirs) ? stateDict[theirs] : undefined;
        if (stored === undefined) throw missing(ours, theirs, shape, stateDict, layout);
        used.add(theirs);
        const image = layout === 'torch' ? images.get(ours) : undefined;
        return [ours, arranged(ours, stored, shape, layout, image, lent)];
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

function missing(
  ours: string,
  theirs: string,
  shape: readonly number[],
  stateDict: Tree<LazyTensor>,
  layout: KernelLayout,
): AncError {
  const alike = Object.keys(stateDict).filter(
    (name) => arrangedShape(shape, stateDict[name]!, layout).join() === shape.join(),
  );
  const some = (names: readonly string[]): string =>
    `${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''}`;
  return new AncError('ANC_WEIGHTS', `the checkpoint has no tensor "${theirs}" for "${ours}".`, {
    received:
      alike.length > 0
        ? `of its shape: ${some(alike)}`
        : `no tensor of its shape; ${some(Object.keys(stateDict))}`,
    hint: 'check --model, or say which tensor is which with --map file.json.',
  });
}

const CONVOLUTION = [2, 3, 1, 0];
const DEPTHWISE = [2, 3, 0, 1];
const MATRIX = [1, 0];

/** For each axis of ours, the axis of theirs: a convolution's, or a depthwise one's where only that fits. */
function axesOf(
  wanted: readonly number[],
  { shape }: Pick<LazyTensor, 'shape'>,
  layout: KernelLayout,
): readonly number[] {
  const same = shape.map((_, axis) => axis);
  if (layout === 'tensorflow') return same;
  const turns = shape.length === 4 ? [CONVOLUTION, DEPTHWISE] : shape.length === 2 ? [MATRIX] : [same];
  return turns.find((axes) => axes.every((axis, i) => shape[axis] === wanted[i])) ?? turns[0]!;
}

/** The shape that a file's tensor has once it is turned for a variable of the shape `wanted`. */
export const arrangedShape = (
  wanted: readonly number[],
  stored: Pick<LazyTensor, 'shape'>,
  layout: KernelLayout,
): number[] => axesOf(wanted, stored, layout).map((axis) => stored.shape[axis]!);

/** `lent` holds the file's numbers until they are turned. */
function arranged(
  name: string,
  stored: LazyTensor,
  shape: readonly number[],
  layout: KernelLayout,
  image: readonly number[] | undefined,
  lent: ReusableBuffer,
): LazyTensor {
  const axes = axesOf(shape, stored, layout);
  const own = arrangedShape(shape, stored, layout);
  if (own.length !== shape.length || own.some((size, axis) => size !== shape[axis])) {
    throw new AncError('ANC_WEIGHTS', `the checkpoint's tensor for "${name}" has another shape.`, {
      expected: `[${shape.join(', ')}]`,
      received: `[${own.join(', ')}] (stored as [${stored.shape.join(', ')}])`,
    });
  }
  if (stored.dtype !== 'float32') {
    throw new AncError('ANC_WEIGHTS', `the checkpoint's tensor for "${name}" does not hold floats.`);
  }
  if (axes.every((axis, i) => axis === i)) return stored;
  const [height, width, channels] = image ?? [];
  const from = image === undefined ? stored.shape : [stored.shape[0]!, channels!, height!, width!];
  const turn = image === undefined ? axes : CONVOLUTION;
  return {
    shape: own,
    dtype: 'float32',
    load(lentForOurs) {
      const data = stored.load(lent).data as Float32Array;
      return { shape: own, data: permuted(data, from, turn, lentForOurs?.floats(data.length)) };
    },
  };
}
