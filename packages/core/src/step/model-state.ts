import { prefixTree, subtree, type HostTensor, type Tree } from '../tree/tree.js';
import type { Variables } from '../contracts/network.js';

/** Where a player's variables and optimiser slots live in the training state. */
export interface ModelState<T> extends Variables<T> {
  readonly slots: Tree<T>;
}

export const modelNames = { student: 'student', discriminator: 'discriminator' } as const;

/** Reads a player out of the state: `<player>/params/…`, `<player>/stats/…`, `<player>/slots/…`. */
export const modelStateOf = <T>(state: Tree<T>, player: string): ModelState<T> => ({
  params: subtree(state, `${player}/params`),
  stats: subtree(state, `${player}/stats`),
  slots: subtree(state, `${player}/slots`),
});

/** Writes parts of a player as state entries. */
export const toStateEntries = <T = HostTensor>(
  player: string,
  parts: Partial<ModelState<T>>,
): Record<string, T> => ({
  ...prefixTree(`${player}/params`, parts.params ?? {}),
  ...prefixTree(`${player}/stats`, parts.stats ?? {}),
  ...prefixTree(`${player}/slots`, parts.slots ?? {}),
});
