import { namesOf, type HostTensor, type Tree } from '@anc/core';

/** max|Δ| / max|expected|; max|Δ| if everything expected is zero. Infinite for NaN and for other lengths. */
export function relativeError(
  received: Pick<HostTensor, 'data'>,
  expected: { readonly data: ArrayLike<number> },
): number {
  if (received.data.length !== expected.data.length) return Infinity;
  let [difference, scale] = [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const delta = Math.abs(received.data[i]! - expected.data[i]!);
    if (Number.isNaN(delta)) return Infinity;
    difference = Math.max(difference, delta);
    scale = Math.max(scale, Math.abs(expected.data[i]!));
  }
  return scale === 0 ? difference : difference / scale;
}

/** Whether shape and every byte agree. */
export const equal = (a: HostTensor, b: HostTensor): boolean =>
  a.shape.join() === b.shape.join() &&
  a.data.length === b.data.length &&
  a.data.every((value, i) => Object.is(value, b.data[i]));

/** Names of entries that differ in any byte, or that only one of the trees has. */
export const differing = (a: Tree<HostTensor>, b: Tree<HostTensor>): string[] =>
  [...new Set([...namesOf(a), ...namesOf(b)])].filter(
    (name) => a[name] === undefined || b[name] === undefined || !equal(a[name], b[name]),
  );
