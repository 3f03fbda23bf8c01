import { describe, expect, it } from 'vitest';
import { EagerBackend } from '../eager/eager-backend.js';
import { assertRankMeans, rankMeansOf } from './rank-means.js';

const blocking = () => [Float32Array.of(1)];

describe('assertRankMeans', () => {
  it.each([
    ['awaits', 'awaiting', { ranks: 2 }],
    ['blocks, with a collective that can', 'blocking', { ranks: 2, blocking }],
  ] as const)('accepts a backend that %s', (_name, rankMeans, synchronized) => {
    const backend = new EagerBackend('cpu', { capabilities: { rankMeans } });
    expect(() => assertRankMeans(backend, synchronized)).not.toThrow();
  });

  it.each([
    ['cannot', null, { ranks: 2, blocking }, 'one that does not: tfjs:cpu'],
    ['blocks', 'blocking', { ranks: 2 }, 'a collective without allReduceBlocking'],
  ] as const)('refuses a backend that %s', (_name, rankMeans, synchronized, received) => {
    const backend = new EagerBackend('cpu', { capabilities: { rankMeans } });
    expect(() => assertRankMeans(backend, synchronized)).toThrow(
      expect.objectContaining({
        code: 'ANC_RANK_MEANS',
        detail: expect.objectContaining({ received }) as object,
      }) as Error,
    );
  });
});

describe('rankMeansOf', () => {
  it('exchanges under a name of its own, with the rows of this rank', async () => {
    const seen: unknown[] = [];
    const { rankMeans } = rankMeansOf('student', 3, {
      exchange: (own) => Promise.resolve((seen.push(own), own.values)),
      synchronized: { ranks: 2, blocking },
    });
    expect(await rankMeans!.mean(Float32Array.of(5))).toEqual(Float32Array.of(5));
    expect(seen).toEqual([{ phase: 'student/batch-norm', rows: 3, values: [Float32Array.of(5)] }]);
    expect(rankMeans!.meanBlocking!(Float32Array.of(5))).toEqual(Float32Array.of(1));
  });

  it('is nothing where each rank has its own batch norm', () => {
    expect(rankMeansOf('student', 3, { exchange: null, synchronized: { ranks: 2 } })).toEqual({});
    expect(rankMeansOf('student', 3, { exchange: () => Promise.resolve([]), synchronized: null })).toEqual(
      {},
    );
  });
});
