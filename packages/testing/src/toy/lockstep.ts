import { exchangeByAllReduce, type BlockingExchange, type Exchange, type PhaseMeans } from '@anc/core';
import { localAllReduce } from './all-reduce.js';

/** Thrown where a rank has to wait for the others. */
class Waiting extends Error {}

/** What a rank passes to `train`. */
export interface LockstepRank {
  /** Its number, from 0. */
  readonly rank: number;
  /** Exchange of gradients between phases. */
  readonly exchange: Exchange;
  /** Exchange that blocks, within a phase. */
  readonly blocking: BlockingExchange;
}

/**
 * Runs ranks that block in one process, which cannot wait for each other: each runs until its next exchange and is stopped by
 * an error there; when all have come so far they start again from the beginning, with the results of all exchanges up to there.
 * So their code must do the same when it is run again, and takes time that grows with the square of the number of exchanges.
 *
 * @param run what a rank does; it lets errors of its exchange pass
 */
export async function inLockstep<T>(ranks: number, run: (rank: LockstepRank) => Promise<T>): Promise<T[]> {
  const means = Array.from({ length: ranks }, (): (readonly Float32Array[])[] => []);
  for (;;) {
    const waiting = new Map<number, PhaseMeans>();
    const ended: T[] = [];
    for (const [rank, known] of means.entries()) {
      let next = 0;
      const blocking: BlockingExchange = (own) => {
        const found = known[next++];
        if (found !== undefined) return found.map((values) => values.slice());
        waiting.set(rank, { ...own, values: own.values.map((values) => values.slice()) });
        throw new Waiting(`rank ${rank} waits for the others`);
      };
      const exchange: Exchange = (own) => Promise.resolve(own).then(blocking);
      try {
        ended.push(await run({ rank, exchange, blocking }));
      } catch (error) {
        if (!waiting.has(rank)) throw error;
      }
    }
    if (waiting.size === 0) return ended;
    if (waiting.size < ranks) throw new Error(`only ${waiting.size} of ${ranks} ranks wait for an exchange`);
    const exchange = exchangeByAllReduce(localAllReduce(ranks));
    const found = await Promise.all([...waiting.values()].map(exchange));
    for (const [rank, values] of found.entries()) means[rank]!.push(values);
  }
}
