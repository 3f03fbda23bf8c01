import type { Variables } from '../contracts/network.js';
import { prefixTree, subtree, type HostTensor, type Tree } from '../tree/tree.js';

/** One model's part of the training state: its variables and its optimizer's slots. */
export interface ModelState<T> extends Variables<T> {
  /** The optimizer's slots by name. */
  readonly slots: Tree<T>;
}

/** Entries of the training state under this name never change. */
const FROZEN = 'frozen';

/** Names in the training state of the student, of a discriminator that is the only one, and of other models. */
export const modelNames = {
  student: 'student',
  discriminator: 'discriminator',
  generator: 'generator',
  teacher: `${FROZEN}/teacher`,
} as const;

/** Whether a state entry never changes, so that it is neither read back nor part of a checkpoint. */
export const isFrozen = (entry: string): boolean => entry.startsWith(`${FROZEN}/`);

/** The entries of a state that never change. */
export const onlyFrozen = <T>(state: Tree<T>): Record<string, T> =>
  Object.fromEntries(Object.entries(state).filter(([name]) => isFrozen(name)));

/** A state without them. */
export const withoutFrozen = <T>(state: Tree<T>): Record<string, T> =>
  Object.fromEntries(Object.entries(state).filter(([name]) => !isFrozen(name)));

/** Reads a model's part of the state: `<model>/params/…`, `<model>/stats/…`, `<model>/slots/…`. */
export const modelStateOf = <T>(state: Tree<T>, model: string): ModelState<T> => ({
  params: subtree(state, `${model}/params`),
  stats: subtree(state, `${model}/stats`),
  slots: subtree(state, `${model}/slots`),
});

/** State entries of a model, by their full names: the inverse of `modelStateOf`. */
export const toStateEntries = <T = HostTensor>(
  model: string,
  parts: Partial<ModelState<T>>,
): Record<string, T> => ({
  ...prefixTree(`${model}/params`, parts.params ?? {}),
  ...prefixTree(`${model}/stats`, parts.stats ?? {}),
  ...prefixTree(`${model}/slots`, parts.slots ?? {}),
});
