/** Named tensors of a weights file that belong together: a state dict, or those of its tensors under one prefix. */
export interface Part<T> {
  /** Path of the dictionary and the prefix, joined by dots; empty for the tensors at the root. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, T>;
}

export interface Shaped {
  readonly shape: readonly number[];
}

/** Highest rank among a part's tensors: kernels tell a network from vectors and matrices that are kept beside it. */
export const rankOf = ({ tensors }: Part<Shaped>): number =>
  [...tensors.values()].reduce((rank, { shape }) => Math.max(rank, Math.min(4, shape.length)), -1);
