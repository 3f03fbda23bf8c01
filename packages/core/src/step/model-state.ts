import type { Variables } from '../contracts/network.js';
import { prefixTree, subtree, type HostTensor, type Tree } from '../tree/tree.js';

/** One model's part of the training state: its variables and its optimizer's slots. */
export interface ModelState<T> extends Variables<T> {
  /** The optimizer's slots by name. */
  readonly slots: Tree<T>;
}

/** Names in the training state of the student and of a discriminator that is the only one. */
export const modelNames = { student: 'student', discriminator: 'discriminator' } as const;

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
