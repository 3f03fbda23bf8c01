import { AncError, type Collective } from '@anc/core';
import { isSharedError, RankGroup, sharedLike } from '@anc/core/internal';
import { describe, expect, it } from 'vitest';
import { localCollectives } from '../src/index.js';

const groups = (ranks: number): RankGroup[] => localCollectives(ranks).map((one) => new RankGroup(one));

/** The same work on every rank, and how it ended on each. */
const together = <T>(ranks: RankGroup[], work: (group: RankGroup) => Promise<T>) =>
  Promise.allSettled(ranks.map((group) => group.guard(() => work(group))));

const reasons = (ends: readonly PromiseSettledResult<unknown>[]): AncError[] =>
  ends.map((end) => (end as PromiseRejectedResult).reason as AncError);

describe('RankGroup', () => {
  it('exchanges means that are weighted by rows', async () => {
    const ranks = groups(2);
    const found = await Promise.all(
      ranks.map(({ exchange, rank }) =>
        exchange({ phase: 'student', rows: rank === 0 ? 3 : 1, values: [Float32Array.of(rank, 4)] }),
      ),
    );
    expect(found).toEqual([[Float32Array.of(0.25, 4)], [Float32Array.of(0.25, 4)]]);
  });

  it('shares what rank 0 finds, and asks nobody else', async () => {
    const asked: number[] = [];
    const ranks = groups(3);
    const found = await Promise.all(
      ranks.map((group) => group.share(() => ({ asked: asked.push(group.rank), stop: null }))),
    );
    expect(found).toEqual([1, 1, 1].map((count) => ({ asked: count, stop: null })));
    expect(asked).toEqual([0]);
  });

  it('learns in an operation that blocks that another rank failed, and why', async () => {
    const [first, second] = localCollectives(2);
    // What rank 0 would find where it blocks: that one rank has failed.
    const blocking: Collective = { ...first!, allReduceBlocking: (own) => own.slice().fill(1, 0, 1) };
    const ends = await together([new RankGroup(blocking), new RankGroup(second!)], async (group) => {
      if (group.rank === 1) {
        // Its report is the sum that rank 0 has seen above.
        const { allReduce } = second!;
        second!.allReduce = (own) => ((second!.allReduce = allReduce), Promise.resolve(own));
        throw new AncError('ANC_DIVERGED', 'a loss is NaN.');
      }
      const own = { phase: 'student', rows: 1, values: [Float32Array.of(1)] };
      group.synchronizedBatchNorm.blocking!(own);
      return Promise.resolve();
    });
    expect(reasons(ends).map(({ message }) => message)).toEqual(['rank 1: a loss is NaN.', 'a loss is NaN.']);
  });

  it('stops all ranks after the same operation, whichever is requested to', async () => {
    const ranks = groups(3);
    await Promise.all(ranks.map((group) => group.agree()));
    ranks[2]!.requestStop();
    expect(ranks.map(({ signal }) => signal.aborted)).toEqual([false, false, false]);
    await Promise.all(ranks.map((group) => group.agree()));
    expect(ranks.map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
  });

  it('throws the error of one rank on all of them, with its code', async () => {
    const ends = await together(groups(3), async (group) => {
      await group.agree();
      if (group.rank === 1)
        throw new AncError('ANC_DIVERGED', 'a loss is NaN.', { hint: 'lower the learning rate.' });
      await group.agree();
    });
    expect(reasons(ends).map(({ message }) => message)).toEqual([
      'rank 1: a loss is NaN.',
      'a loss is NaN.',
      'rank 1: a loss is NaN.',
    ]);
    expect(reasons(ends).map(({ code }) => code)).toEqual(Array(3).fill('ANC_DIVERGED'));
    expect(reasons(ends)[0]!.detail.hint).toBe('lower the learning rate.');
    expect(reasons(ends).every(isSharedError)).toBe(true);
  });

  it('goes on after an error that all ranks have', async () => {
    const ranks = groups(2);
    await together(ranks, (group) =>
      group.guard(() => (group.rank === 0 ? Promise.reject(new Error('disk')) : group.agree())),
    );
    await Promise.all(ranks.map((group) => group.finish()));
  });

  it('reports an error once that every rank has of its own, and one that was made of a known one', async () => {
    const ranks = groups(2);
    const ends = await together(ranks, async (group) => {
      try {
        await group.guard(() => Promise.reject(new AncError('ANC_CONFIG', `on rank ${group.rank}.`)));
      } catch (error) {
        throw sharedLike(new AncError('ANC_CONFIG', '--epochs: wrong.'), error);
      }
    });
    expect(reasons(ends).map(({ message }) => message)).toEqual(['--epochs: wrong.', '--epochs: wrong.']);
    await Promise.all(ranks.map((group) => group.finish()));
  });

  it('tells ranks that do different things, or agree on different values', async () => {
    const ends = await together(groups(3), (group) =>
      group.rank === 1 ? group.broadcast(new Uint8Array(), 0).then(() => undefined) : group.agree(),
    );
    expect(reasons(ends).map(({ code }) => code)).toEqual(Array(3).fill('ANC_RANKS'));
    const other = await together(groups(3), (group) =>
      group.agree(5 + group.rank, () => new AncError('ANC_RANKS', 'other plans.')),
    );
    expect(reasons(other).map(({ message }) => message)).toEqual(Array(3).fill('other plans.'));
  });
});
