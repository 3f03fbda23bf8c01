import type { BlockingExchange, Exchange, PhaseMeans } from '../contracts/exchange.js';

/** Sums a buffer over all ranks, element by element. Every rank gets the same bytes. */
export type AllReduce = (buffer: Float32Array) => Promise<Float32Array>;

/**
 * An exchange that takes one all-reduce of one buffer per phase, as MPI and its relatives have it: the values one after
 * the other, each times the rank's rows, and the rows last.
 */
export const exchangeByAllReduce =
  (allReduce: AllReduce): Exchange =>
  async (own) =>
    meansIn(await allReduce(weighted(own)), own);

/** The same for an all-reduce that blocks. */
export const blockingExchangeByAllReduce =
  (allReduce: (buffer: Float32Array) => Float32Array): BlockingExchange =>
  (own) =>
    meansIn(allReduce(weighted(own)), own);

function weighted({ rows, values }: PhaseMeans): Float32Array {
  const buffer = new Float32Array(values.reduce((sum, { length }) => sum + length, 1));
  let at = 0;
  for (const array of values) {
    for (let i = 0; i < array.length; i++) buffer[at++] = rows * array[i]!;
  }
  buffer[at] = rows;
  return buffer;
}

function meansIn(sums: Float32Array, { values }: PhaseMeans): Float32Array[] {
  const total = sums.at(-1)!;
  let at = 0;
  return values.map(({ length }) => {
    const means = new Float32Array(length);
    for (let i = 0; i < length; i++) means[i] = sums[at++]! / total;
    return means;
  });
}
