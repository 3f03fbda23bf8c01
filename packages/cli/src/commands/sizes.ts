import { AncError } from '@anc/core';

/** `28x28x1` as numbers. Throws `ANC_USAGE` where it is not `count` sizes, each at least 1. */
export function parseSizes(text: string, flag: string, count: number): number[] {
  const sizes = text.split(/[x×,]/).map(Number);
  if (sizes.length === count && sizes.every((size) => Number.isInteger(size) && size > 0)) return sizes;
  throw new AncError(
    'ANC_USAGE',
    `${flag}: expected ${count === 1 ? 'a whole number' : 'HxWxC, each'} of at least 1.`,
    {
      received: text,
    },
  );
}
