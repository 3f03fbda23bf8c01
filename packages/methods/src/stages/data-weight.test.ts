import { describe, expect, it } from 'vitest';
import { dataTerm } from '../terms/logits.js';
import { l2Term } from '../data-terms/data-terms.js';
import { dataWeight, softAndHard, warmupShare } from './data-weight.js';

const at = (epoch: number) => ({ epoch, epochs: 4, step: epoch, stepsPerEpoch: 1 });

describe('warmupShare', () => {
  it('rises in equal steps per epoch, as min(epoch / n, 1) with epochs from 1', () => {
    expect([0, 1, 2, 3, 4].map((epoch) => warmupShare(4, epoch))).toEqual([0.25, 0.5, 0.75, 1, 1]);
  });

  it('is whole from the start without warm-up', () => {
    expect([warmupShare(0, 0), warmupShare(undefined, 0), warmupShare(1, 0)]).toEqual([1, 1, 1]);
  });
});

describe('dataWeight', () => {
  it('leaves the rest to the data term, or adds labels to it', () => {
    expect(dataWeight({ lambda: 2 }, at(0))).toBe(2);
    expect(dataWeight({ lambda: 2, hardWeight: 0.25 }, at(0))).toBe(1.5);
    expect(dataWeight({ lambda: 2, hardWeight: 0.25, hardWeightMode: 'added' }, at(0))).toBe(2);
  });

  it("warms up the data term alone, so that DKD's published loss can be written", () => {
    const published = { lambda: 1, hardWeight: 1, hardWeightMode: 'added', dataWarmup: 4 } as const;
    const [data, labels] = softAndHard(dataTerm(l2Term({ reduction: 'sum' })), published);
    const weights = (epoch: number) =>
      [data!, labels!].map(({ weight }) => (typeof weight === 'number' ? weight : weight(at(epoch))));
    expect(weights(0)).toEqual([0.25, 1]);
    expect(weights(3)).toEqual([1, 1]);
  });
});

describe('softAndHard', () => {
  it('reads no labels without hardWeight', () => {
    const names = (hardWeight: number) =>
      softAndHard(dataTerm(l2Term({ reduction: 'sum' })), { lambda: 1, hardWeight }).map(
        ({ term }) => term.name,
      );
    expect(names(0)).toEqual(['data']);
    expect(names(1)).toEqual(['data', 'labels']);
  });
});
