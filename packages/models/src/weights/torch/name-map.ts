import { AncError, permuted, type Stored, type Tree, type Variables } from '@anc/core';
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
