import type { GradientTransform } from '../contracts/optimizer.js';
import { AncError } from '../errors/error.js';
import { mergeTrees, namesOf, prefixTree, subtree, type HostTensor, type Tree } from '../tree/tree.js';
import { inMask, type NameMask } from './name-mask.js';

/**
 * Transforms one after the other: each receives the updates of the one before.
 *
 * @throws `ANC_OPTIMIZER` in `init` where two have slots of one name; `withSlots` gives one of them names of its own.
 */
export const chain = (...transforms: readonly GradientTransform[]): GradientTransform => ({
  id: transforms.map(({ id }) => id).join(' > '),
  init(params) {
    const slots: Record<string, HostTensor> = {};
    for (const transform of transforms) {
      for (const [name, slot] of Object.entries(transform.init(params))) {
        if (Object.hasOwn(slots, name)) throw sharedSlot(name, transform.id);
        slots[name] = slot;
      }
    }
    return slots;
  },
  update(updates, slots, context) {
    let current = updates;
    const changed: Tree[] = [];
    for (const transform of transforms) {
      const result = transform.update(current, slots, context);
      current = result.updates;
      changed.push(result.slots);
    }
    return { updates: current, slots: mergeTrees(...changed) };
  },
});

const sharedSlot = (name: string, id: string): AncError =>
  new AncError('ANC_OPTIMIZER', `two transforms of a chain have a slot "${name}".`, {
    received: id,
    hint: "give one of them names of its own: withSlots('second', transform).",
  });

/** A transform whose slots are named `prefix/…`, so that a chain can have it twice. */
export const withSlots = (prefix: string, transform: GradientTransform): GradientTransform => ({
  id: `${prefix}: ${transform.id}`,
  init: (params) => prefixTree(prefix, transform.init(params)),
  update(updates, slots, context) {
    const result = transform.update(updates, subtree(slots, prefix), context);
    return { updates: result.updates, slots: prefixTree(prefix, result.slots) };
  },
});

const chosen = <T>(tree: Tree<T>, mask: NameMask): Record<string, T> =>
  Object.fromEntries(Object.entries(tree).filter(([name]) => inMask(mask, name)));

/** A transform of the parameters with certain names; the updates of the others stay what they are. */
export const masked = (mask: NameMask, transform: GradientTransform): GradientTransform => ({
  id: mask === 'all' ? transform.id : `${transform.id} of ${mask}`,
  init: (params) => transform.init(chosen(params, mask)),
  update(updates, slots, context) {
    const own = chosen(updates, mask);
    const result = transform.update(own, slots, { ...context, params: chosen(context.params, mask) });
    return {
      updates: Object.fromEntries(
        Object.entries(updates).map(([name, update]) => [name, result.updates[name] ?? update]),
      ),
      slots: result.slots,
    };
  },
});

/**
 * Checks what a transform returned, while a step is recorded or run: names and shapes, no values.
 *
 * @throws `ANC_OPTIMIZER` with the first entry that is missing, new or of another shape.
 */
export function assertSameTree(kind: string, id: string, expected: Tree, received: Tree): void {
  const [before, after] = [namesOf(expected), namesOf(received)];
  const fail = (received: string, expected: string): AncError =>
    new AncError('ANC_OPTIMIZER', `the optimizer "${id}" returned other ${kind} than it received.`, {
      expected,
      received,
    });
  const missing = before.find((name) => !Object.hasOwn(received, name));
  if (missing !== undefined) throw fail(`nothing for "${missing}"`, `every entry: ${before.join(', ')}`);
  const unknown = after.find((name) => !Object.hasOwn(expected, name));
  if (unknown !== undefined) throw fail(`"${unknown}"`, `only ${before.join(', ') || 'no entry'}`);
  for (const name of before) {
    const [shape, other] = [expected[name]!.shape, received[name]!.shape];
    if (shape.join() !== other.join())
      throw fail(`shape [${other.join(', ')}] of "${name}"`, `[${shape.join(', ')}]`);
  }
}
