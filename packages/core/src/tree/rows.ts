import { sizeOf, type HostTensor } from './tree.js';

/** Consecutive rows of a batch. */
export interface RowRange {
  /** The first row. */
  readonly start: number;
  /** How many rows. */
  readonly count: number;
}

/**
 * Part `index` of `parts` consecutive parts of `rows` rows: of a batch among ranks, or of a rank's rows among its
 * micro-batches. Sizes differ by at most one row.
 */
export function rowRange(rows: number, parts: number, index: number): RowRange {
  const start = Math.floor((rows * index) / parts);
  return { start, count: Math.floor((rows * (index + 1)) / parts) - start };
}

/** Some rows of a tensor [B, …], copied. */
export function rowsOf({ shape, data }: HostTensor, { start, count }: RowRange): HostTensor {
  const row = sizeOf(shape.slice(1));
  return { shape: [count, ...shape.slice(1)], data: data.slice(start * row, (start + count) * row) };
}

/** Concatenates tensors along the first axis. */
export function joinRows(parts: readonly HostTensor[]): HostTensor {
  const [{ shape, data }] = parts as [HostTensor, ...HostTensor[]];
  const rows = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
  const joined = [rows, ...shape.slice(1)];
  const whole = new (data.constructor as new (length: number) => HostTensor['data'])(sizeOf(joined));
  let at = 0;
  for (const part of parts) {
    whole.set(part.data, at);
    at += part.data.length;
  }
  return { shape: joined, data: whole };
}
