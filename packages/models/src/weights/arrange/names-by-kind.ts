import { AncError, type Tree, type Variables } from '@anc/core';
import type { StateDict } from '@anc/formats';
import { arrangedShape, type NameMap } from './name-map.js';

type Kind = 'weights' | 'bias' | 'gamma' | 'beta' | 'mean' | 'variance';
type Shaped = Tree<{ readonly shape: readonly number[] }>;

/** The kind of each leaf whose name is unambiguous, for all frameworks. */
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

/** Names of each kind, in the file's order. Beside a `running_mean`, PyTorch's `weight` is batch norm's gamma, `bias` its beta. */
function byKind(tensors: Shaped): Map<Kind, string[]> {
  const groups = new Map<Kind, string[]>();
  for (const name of Object.keys(tensors)) {
    const [, prefix = '', leaf = ''] = /^(.*?)([^./]+?)(?::\d+)?$/.exec(name) ?? [];
    const isBatchNorm = tensors[`${prefix}running_mean`] !== undefined;
    const plain: Kind | null = leaf === 'weight' ? 'weights' : leaf === 'bias' ? 'bias' : null;
    const kind =
      KINDS[leaf] ?? (plain === null ? null : isBatchNorm ? (leaf === 'weight' ? 'gamma' : 'beta') : plain);
    if (kind !== null) groups.set(kind, [...(groups.get(kind) ?? []), name]);
  }
  return groups;
}

/**
 * A map for two networks that differ only in their names: it pairs the variables of each kind in their order, the first
 * kernel with the first kernel and so on. If a shape does not fit, the next variable of that shape is taken, because the
 * branches of a block may be stored in another order.
 * @throws `ANC_WEIGHTS` if the number or the shapes of a kind of variable differ
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
        hint: 'check --model and its options, or map the names with --map file.json.',
      });
    }
    for (const name of names) {
      const { shape } = ours[name]!;
      const wanted = shape.join();
      const at = left.findIndex(
        (theirName) => arrangedShape(shape, dict.tensors[theirName]!, dict.layout).join() === wanted,
      );
      if (at < 0) {
        throw new AncError('ANC_WEIGHTS', `none of the remaining tensors has the shape of "${name}".`, {
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
