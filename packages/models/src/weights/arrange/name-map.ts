import { AncError, permuted, type Tree, type Variables } from '@anc/core';
import { ReusableBuffer, type KernelLayout, type LazyTensor, type StateDict } from '@anc/formats';
import type { FlattenedImages } from './flattened.js';

/** The checkpoint's name for each of our variables. */
export type NameMap = (ours: string) => string;

/** Step counters of PyTorch's batch norm, which inference does not use. */
const COUNTERS = /(^|\.)num_batches_tracked$/;

/**
 * Fills a network's variables with a file's tensors, which are loaded and transposed lazily.
 *
 * PyTorch's convolutions are transposed from [O, I, H, W] to [H, W, I, O], depthwise ones from [C, 1, H, W] to
 * [H, W, C, 1], matrices from [out, in] to [in, out], and the inputs of matrices after a `flatten` from channels, rows,
 * columns to rows, columns, channels.
 * @param template names and shapes of the variables
 * @param map the file's name for each variable
 * @param images the images that are flattened before a matrix, by the matrix's name
 * @throws `ANC_WEIGHTS` if a tensor is missing, has another shape, or is left over
 */
export function fillFrom(
  template: Variables<{ readonly shape: readonly number[] }>,
  { tensors: stateDict, layout }: Pick<StateDict, 'tensors' | 'layout'>,
  map: NameMap,
  images: FlattenedImages = new Map(),
): Variables<LazyTensor> {
  const used = new Set<string>();
  const buffer = new ReusableBuffer(); // for a tensor's values in the file's order
  const fill = (tree: Tree<{ readonly shape: readonly number[] }>): Record<string, LazyTensor> =>
    Object.fromEntries(
      Object.entries(tree).map(([ours, { shape }]) => {
        const theirs = map(ours);
        const stored = Object.hasOwn(stateDict, theirs) ? stateDict[theirs] : undefined;
        if (stored === undefined) throw missing(ours, theirs, shape, stateDict, layout);
        used.add(theirs);
        const image = layout === 'torch' ? images.get(ours) : undefined;
        return [ours, arranged(ours, stored, shape, layout, image, buffer)];
      }),
    );
  const filled = { params: fill(template.params), stats: fill(template.stats) };
  const left = Object.keys(stateDict).filter((name) => !used.has(name) && !COUNTERS.test(name));
  if (left.length > 0) {
    throw new AncError('ANC_WEIGHTS', 'the checkpoint has tensors that do not belong to the network.', {
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
    hint: 'check --model, or map the names with --map file.json.',
  });
}

const CONVOLUTION = [2, 3, 1, 0];
const DEPTHWISE = [2, 3, 0, 1];
const MATRIX = [1, 0];

/** For each of our axes, the file's axis. Depthwise convolutions are recognized by their shape. */
function axesOf(
  wanted: readonly number[],
  { shape }: Pick<LazyTensor, 'shape'>,
  layout: KernelLayout,
): readonly number[] {
  const same = shape.map((_, axis) => axis);
  if (layout === 'tensorflow') return same;
  const candidates = shape.length === 4 ? [CONVOLUTION, DEPTHWISE] : shape.length === 2 ? [MATRIX] : [same];
  return candidates.find((axes) => axes.every((axis, i) => shape[axis] === wanted[i])) ?? candidates[0]!;
}

/** The shape of a file's tensor after it is transposed for a variable of the shape `wanted`. */
export const arrangedShape = (
  wanted: readonly number[],
  stored: Pick<LazyTensor, 'shape'>,
  layout: KernelLayout,
): number[] => axesOf(wanted, stored, layout).map((axis) => stored.shape[axis]!);

function arranged(
  name: string,
  stored: LazyTensor,
  shape: readonly number[],
  layout: KernelLayout,
  image: readonly number[] | undefined,
  buffer: ReusableBuffer,
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
  const order = image === undefined ? axes : CONVOLUTION;
  return {
    shape: own,
    dtype: 'float32',
    load(reuse) {
      const data = stored.load(buffer).data as Float32Array;
      return { shape: own, data: permuted(data, from, order, reuse?.floats(data.length)) };
    },
  };
}
