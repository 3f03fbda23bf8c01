import type { Collective } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { collectiveContract, collectiveFaults, localCollectives } from '../src/index.js';
import { failuresOf } from './collect.js';

const failures = async (change: (collective: Collective) => Partial<Collective> = () => ({})) =>
  (
    await failuresOf((runner) =>
      collectiveContract(runner, () =>
        Promise.resolve(localCollectives(3).map((one) => ({ ...one, ...change(one) }))),
      ),
    )
  ).map((name) => name.replace('collective contract > ', ''));

describe('collectiveContract', () => {
  it('accepts the ranks of one process', async () => {
    expect(await failures()).toEqual([]);
    expect(await Promise.all(localCollectives(2).map(collectiveFaults))).toEqual([[], []]);
  });

  it.each<[string, (collective: Collective) => Partial<Collective>, string]>([
    [
      'a mean instead of a sum',
      ({ allReduce, ranks }) => ({ allReduce: async (b) => (await allReduce(b)).map((x) => x / ranks) }),
      'sums buffers of any length, and leaves them as they are',
    ],
    [
      'a sum in place',
      ({ allReduce }) => ({
        allReduce: async (buffer) => {
          const sum = await allReduce(buffer);
          buffer.set(sum);
          return sum;
        },
      }),
      'sums buffers of any length, and leaves them as they are',
    ],
    [
      'sums that differ in the last bit',
      ({ allReduce, rank }) => ({
        allReduce: async (buffer) =>
          (await allReduce(buffer)).map((x) => (x % 1 === 0 ? x : x * (1 + 1e-6 * rank))),
      }),
      'gives every rank the same bytes, and the same bytes again',
    ],
    [
      'a broadcast of a fixed length',
      ({ broadcast }) => ({ broadcast: async (bytes, root) => (await broadcast(bytes, root)).slice(0, 100) }),
      'broadcasts bytes of any length from any rank',
    ],
    [
      'a barrier that does not wait',
      () => ({ barrier: () => Promise.resolve() }),
      'lets nobody pass a barrier before all are there',
    ],
  ])('finds %s', async (_fault, change, rule) => {
    expect(await failures(change)).toContain(rule);
  });

  it('tells ranks that call different operations', async () => {
    const [one, two] = localCollectives(2);
    const both = await Promise.allSettled([one!.barrier(), two!.broadcast(new Uint8Array(), 0)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
