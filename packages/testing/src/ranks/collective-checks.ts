import type { Collective } from '@anc/core';

/** A rule of collectives, what to do where it is broken, and the faults that one rank finds when all ranks check it. */
export interface CollectiveCheck {
  readonly name: string;
  readonly advice: string;
  run(collective: Collective): Promise<readonly string[]>;
}

/** Around the sizes at which libraries change how they communicate. */
const LENGTHS = [1, 3, 1000, 10_007];

const isSame = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Numbers whose sum depends on the order in which they are added. */
const ragged = (length: number, rank: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => 10 ** ((i + 3 * rank) % 7) / (rank + 3));

/** What every rank sends when `root` broadcasts: the others' bytes are to be ignored. */
const message = (length: number, rank: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i + 31 * rank) % 256);

/** The rules of `Collective`, in the order in which all ranks check them. */
export const COLLECTIVE_CHECKS: readonly CollectiveCheck[] = [
  {
    name: 'has a place among the ranks',
    advice: 'number the ranks from 0.',
    run({ rank, ranks }) {
      const isPlace = Number.isInteger(rank) && Number.isInteger(ranks) && rank >= 0 && rank < ranks;
      return Promise.resolve(isPlace ? [] : [`rank ${rank} of ${ranks}`]);
    },
  },
  {
    name: 'sums buffers of any length, and leaves them as they are',
    advice: 'return a new buffer of the same length with the sum over all ranks, element by element.',
    async run(collective) {
      const faults: string[] = [];
      const { rank, ranks } = collective;
      for (const length of LENGTHS) {
        const own = Float32Array.from({ length }, (_, i) => (i % 100) + rank);
        const before = own.slice();
        const sum = await collective.allReduce(own);
        const expected = Float32Array.from(
          { length },
          (_, i) => ranks * (i % 100) + (ranks * (ranks - 1)) / 2,
        );
        if (!isSame(sum, expected)) faults.push(`the sum of ${length} numbers is wrong`);
        if (!isSame(own, before)) faults.push(`the buffer of ${length} numbers was changed`);
      }
      return faults;
    },
  },
  {
    name: 'gives every rank the same bytes, and the same bytes again',
    advice: 'add in the order of the ranks, whatever arrives first, and add each element on one rank alone.',
    async run(collective) {
      const faults: string[] = [];
      for (const length of LENGTHS) {
        const own = ragged(length, collective.rank);
        const [one, two] = [await collective.allReduce(own), await collective.allReduce(own)];
        const first = await collective.broadcast(bytesOf(one), 0);
        if (!isSame(first, bytesOf(one))) faults.push(`a sum of ${length} is another one than on rank 0`);
        if (!isSame(bytesOf(one), bytesOf(two)))
          faults.push(`a sum of ${length} is another one the second time`);
      }
      return faults;
    },
  },
  {
    name: 'averages by weights, if it can, with the same bytes on every rank',
    advice:
      'return Σ weight · value / Σ weight, added in the order of the ranks, each element on one rank alone.',
    async run(collective) {
      if (collective.allReduceMean === undefined) return [];
      const faults: string[] = [];
      const { rank, ranks } = collective;
      const weights = Array.from({ length: ranks }, (_, other) => 1 + other);
      const total = (ranks * (ranks + 1)) / 2;
      for (const length of LENGTHS) {
        const own = Float32Array.from({ length }, (_, i) => (i % 100) + rank);
        const mean = await collective.allReduceMean(own, weights);
        // Σ (1 + r) · r over the ranks is (n − 1) · n · (n + 1) / 3.
        const more = ((ranks - 1) * ranks * (ranks + 1)) / 3 / total;
        const isWrong =
          mean.length !== length || mean.some((value, i) => !(Math.abs(value - (i % 100) - more) < 1e-4));
        if (isWrong) faults.push(`the mean of ${length} numbers is wrong`);
        const [one, two] = [ragged(length, rank), ragged(length, rank)];
        const bytes = bytesOf(await collective.allReduceMean(one, weights)).slice();
        const again = bytesOf(await collective.allReduceMean(two, weights));
        const first = await collective.broadcast(bytes, 0);
        if (!isSame(first, bytes)) faults.push(`a mean of ${length} is another one than on rank 0`);
        if (!isSame(bytes, again)) faults.push(`a mean of ${length} is another one the second time`);
      }
      return faults;
    },
  },
  {
    name: 'sums the same where it blocks, if it can',
    advice: 'leave allReduceBlocking out where it cannot give the same bytes as allReduce.',
    async run(collective) {
      if (collective.allReduceBlocking === undefined) return [];
      const faults: string[] = [];
      for (const length of LENGTHS) {
        const own = ragged(length, collective.rank);
        const sum = collective.allReduceBlocking(own);
        const expected = await collective.allReduce(own);
        if (!isSame(bytesOf(sum), bytesOf(expected))) faults.push(`a sum of ${length} is another one`);
      }
      return faults;
    },
  },
  {
    name: 'broadcasts bytes of any length from any rank',
    advice: 'send the length first: only the root knows it.',
    async run(collective) {
      const faults: string[] = [];
      const { rank, ranks } = collective;
      for (let root = 0; root < ranks; root++) {
        for (const length of [0, 5, 10_001]) {
          const own = message(rank === root ? length : 7, rank);
          const received = await collective.broadcast(own, root);
          if (!isSame(received, message(length, root)))
            faults.push(`${length} bytes of rank ${root} did not arrive`);
        }
      }
      return faults;
    },
  },
  {
    name: 'lets nobody pass a barrier before all are there',
    advice: 'wait for every rank.',
    async run(collective) {
      if (collective.rank === 0) await new Promise((resolve) => setTimeout(resolve, 30)); // the others are there before
      const arrived = Float64Array.of(Date.now());
      await collective.barrier();
      const left = Date.now();
      const last = await collective.broadcast(new Uint8Array(arrived.buffer), 0);
      const [time] = new Float64Array(last.slice().buffer);
      return left < time! ? ['a rank passed while rank 0 was still on its way'] : [];
    },
  },
];

/**
 * Checks all rules of `Collective` and closes it; every rank calls it, wherever it runs.
 *
 * @returns the faults that this rank found
 */
export async function collectiveFaults(collective: Collective): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { name, run } of COLLECTIVE_CHECKS)
    for (const fault of await run(collective)) faults.push(`${name}: ${fault}`);
  await collective.close();
  return faults;
}
