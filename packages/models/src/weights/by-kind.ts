import { AncError, type Tree, type Variables } from '@anc/core';
import type { StateDict } from '@anc/formats';
import { arrangedShape, type NameMap } from './torch/name-map.js';

type Kind = 'weights' | 'bias' | 'gamma' | 'beta' | 'mean' | 'variance';
type Shaped = Tree<{ readonly shape: readonly number[] }>;

/** What each framework calls the leaves that need no second look. */
const KINDS: Readonly<Record<string, Kind>> = {
  weights: 'weights',
  kernel: 'weights',
  depthwise_kernel: 'weights',
  gamma: 'gamma',
  beta: 'beta',
  mean: 'mean',
  variance: 'variance',
  running_mean: 'mean',
  running_var: 'variance',
  moving_mean: 'mean',
  moving_variance: 'variance',
};

/** Names of each kind, in the file's order. PyTorch's `weight` of one axis is batch norm's gamma, its `bias` beta. */
function byKind(tensors: Shaped): Map<Kind, string[]> {
  const groups = new Map<Kind, string[]>();
  for (const name of Object.keys(tensors)) {
    const [, prefix = '', leaf = ''] = /^(.*?)([^./]+?)(?::\d+)?$/.exec(name) ?? [];
    const normalises = tensors[`${prefix}running_mean`] !== undefined;
    const plain: Kind | null = leaf === 'weight' ? 'weights' : leaf === 'bias' ? 'bias' : null;
    const kind =
      KINDS[leaf] ?? (plain === null ? null : normalises ? (leaf === 'weight' ? 'gamma' : 'beta') : plain);
    if (kind !== null) groups.set(kind, [...(groups.get(kind) ?? []), name]);
  }
  return groups;
}

/**
 * A map for two networks that are the same but for their names: the first kernel is the first kernel, the second
 * the second, and so on for each kind of variable. Where a shape does not fit the next one of that shape is taken,
 * because branches of a block may be written down in another order.
 *
 * Throws `ANC_WEIGHTS` where some kind of variable is there in another number or shape.
 */
export function namesByKind(
  template: Variables<{ readonly shape: readonly number[] }>,
  dict: StateDict,
): NameMap {
  const theirs = byKind(dict.tensors);
  const found = new Map<string, string>();
  const ours = { ...template.params, ...template.stats };
  for (const [kind, names] of byKind(ours)) {
    const left = [...(theirs.get(kind) ?? [])];
    if (left.length !== names.length) {
      throw new AncError('ANC_WEIGHTS', `the file and the network differ in the number of their ${kind}.`, {
        expected: `${names.length}, as the network has`,
        received: String(left.length),
        hint: 'check --model and its options, or say which tensor is which with --map file.json.',
      });
    }
    for (const name of names) {
      const { shape } = ours[name]!;
      const wanted = shape.join();
      const at = left.findIndex(
        (theirName) => arrangedShape(shape, dict.tensors[theirName]!, dict.layout).join() === wanted,
      );
      if (at < 0) {
        throw new AncError('ANC_WEIGHTS', `no tensor that is left has the shape of "${name}".`, {
          expected: `[${shape.join(', ')}]`,
          received: left
            .slice(0, 4)
            .map((other) => `${other} [${dict.tensors[other]!.shape.join(', ')}]`)
            .join(', '),
          hint: 'check --model, --input and --classes.',
        });
      }
      found.set(name, left.splice(at, 1)[0]!);
    }
  }
  return (name) => found.get(name) ?? name;
}
