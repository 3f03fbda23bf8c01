/**
 * Number of elements of a shape from a file; Infinity where it is no exact integer. A plain product can be NaN, which
 * passes every comparison with a limit: a size of zero after sizes whose product overflows.
 */
export function elementCount(shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count) || size < 0) return Infinity;
  }
  return count;
}
