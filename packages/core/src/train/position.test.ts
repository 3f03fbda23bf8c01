import { describe, expect, it } from 'vitest';
import { encodeNumbers } from '../json/numbers.js';
import { readPosition, type Position } from './position.js';

describe('readPosition', () => {
  it('reads what a checkpoint of this version holds, numbers that JSON cannot hold included', () => {
    const position: Position = {
      step: 7,
      accumulator: { count: 3, sums: { 'loss/data': 4.5, 'discriminator/auc': NaN, ratio: Infinity } },
    };
    expect(readPosition(JSON.parse(JSON.stringify(encodeNumbers(position))))).toEqual(position);
  });

  it('reads what earlier versions wrote: a tally of metrics by their old names', () => {
    const old = { step: 7, tally: { count: 3, sums: { auc: 1.5, dTeacher: 2, 'loss/data': 'Infinity' } } };
    expect(readPosition(old)).toEqual({
      step: 7,
      accumulator: {
        count: 3,
        sums: { 'discriminator/auc': 1.5, 'discriminator/teacher': 2, 'loss/data': Infinity },
      },
    });
  });
});
