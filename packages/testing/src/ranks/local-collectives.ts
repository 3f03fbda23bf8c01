import type { Collective } from '@anc/core';

/** A call of an operation by one rank, which waits for the others. */
interface Call<T> {
  readonly rank: number;
  readonly value: T;
  readonly resolve: (all: readonly T[]) => void;
  readonly reject: (error: Error) => void;
}

/** Gives every rank what all of them brought, in the order of the ranks, once all of them are there. */
class Meeting {
  #calls: Call<unknown>[] = [];
  #operation = '';

  constructor(readonly ranks: number) {}

  gather<T>(operation: string, rank: number, value: T): Promise<readonly T[]> {
    return new Promise<readonly T[]>((resolve, reject) => {
      if (this.#calls.length > 0 && this.#operation !== operation) {
        const error = new Error(`rank ${rank} calls ${operation}, others call ${this.#operation}`);
        for (const call of this.#calls.splice(0)) call.reject(error);
        reject(error);
        return;
      }
      this.#operation = operation;
      this.#calls.push({ rank, value, resolve: resolve as Call<unknown>['resolve'], reject });
      if (this.#calls.length < this.ranks) return;
      const calls = this.#calls.splice(0).sort((a, b) => a.rank - b.rank);
      for (const call of calls) call.resolve(calls.map((one) => one.value));
    });
  }
}

/**
 * The ranks of one process, for tests: what each of them passes to `train`, to a run or to the code under test, which are
 * started together and awaited together. Ranks that call different operations get an error instead of waiting forever.
 *
 * @param ranks how many
 */
export function localCollectives(ranks: number): readonly Collective[] {
  const meeting = new Meeting(ranks);
  return Array.from({ length: ranks }, (_, rank): Collective => ({
    name: 'one process',
    rank,
    ranks,
    async allReduce(buffer) {
      const all = await meeting.gather(`allReduce of ${buffer.length}`, rank, buffer.slice());
      const sums = new Float64Array(buffer.length);
      for (const each of all) for (let i = 0; i < each.length; i++) sums[i]! += each[i]!;
      return Float32Array.from(sums);
    },
    async broadcast(bytes, root) {
      return (await meeting.gather(`broadcast from ${root}`, rank, bytes.slice()))[root]!.slice();
    },
    async barrier() {
      await meeting.gather('barrier', rank, null);
    },
    async close() {
      await meeting.gather('close', rank, null);
    },
  }));
}
