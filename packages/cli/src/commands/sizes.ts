import { AncError } from '@anc/core';

/** No image is larger along one side, and no count of anything here is. */
const MOST = { side: 65_536, count: 1e9 } as const;

/** `28x28x1` as numbers. Throws `ANC_USAGE` where it is not `count` sizes, each from 1 to `most`. */
export function parseSizes(
  text: string,
  flag: string,
  count: number,
  most: number = count === 1 ? MOST.count : MOST.side,
): number[] {
  const sizes = text.split(/[x×,]/).map(Number);
  if (sizes.length === count && sizes.every((size) => Number.isInteger(size) && size > 0 && size <= most))
    return sizes;
  const what = count === 1 ? 'a whole number' : 'HxWxC, each a whole number';
  throw new AncError('ANC_USAGE', `${flag}: expected ${what} from 1 to ${most.toLocaleString('en')}.`, {
    received: text,
  });
}

/** A number of classes: a network's last layer is as wide. Throws `ANC_USAGE`. */
export const parseClasses = (text: string, flag: string): number => parseSizes(text, flag, 1, 1e6)[0]!;

/** How many seeds. Throws `ANC_CONFIG` where it is no count. */
export function countOf(text: unknown): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && String(text).trim() !== '') return count;
  throw new AncError('ANC_CONFIG', '--seeds: expected a whole number of at least 1.', {
    received: String(text),
    hint: 'e.g. --seeds 5; intervals need 2 or more.',
  });
}

/** Share of the paper's epochs. Throws `ANC_CONFIG`. */
export function scaleOf(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share > 0 && share <= 1) return share;
  throw new AncError('ANC_CONFIG', '--scale: expected more than 0 and at most 1.', { received: text });
}
