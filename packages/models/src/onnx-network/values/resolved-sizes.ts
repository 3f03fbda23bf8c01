import { sizeOf } from '@anc/core';
import type { Call } from './call.js';

/**
 * Sizes of a reshape, where 0 keeps a size and -1 is what is left. A file that was exported for a fixed batch has that
 * batch among its constants; it is replaced by the batch of now.
 */
export function resolvedSizes(call: Call, from: readonly number[], given: readonly number[]): number[] {
  const { now, exported } = call.around.batch;
  const keeps = call.number('allowzero', 0) === 0;
  const to = given.map((size, axis) => (size === 0 && keeps ? (from[axis] ?? 0) : size));
  const total = sizeOf(from);
  const open = to.indexOf(-1);
  if (open >= 0) {
    if (exported !== null && exported !== now && to[0] === exported && from[0] === now) to[0] = now;
    const others = sizeOf(to.filter((_, axis) => axis !== open));
    to[open] = others === 0 ? 0 : total / others;
  } else if (sizeOf(to) !== total && exported !== null && (sizeOf(to) * now) / exported === total) {
    to[0] = (to[0]! * now) / exported;
  }
  if (sizeOf(to) !== total || to.some((size) => !Number.isInteger(size) || size < 0))
    throw call.error(`a value of shape [${from.join(', ')}] as [${given.join(', ')}]`);
  return to;
}
