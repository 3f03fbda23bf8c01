import { AncError } from '@anc/core';
import { afterWorkBegan } from '@anc/pipeline/internal';
import { describe, expect, it } from 'vitest';
import { failureOf } from './failure.js';

describe('failureOf', () => {
  it.each([
    ['a request that cannot be met', new AncError('ANC_CONFIG', 'no.'), 2],
    ['the same once work has begun', afterWorkBegan(new AncError('ANC_CONFIG', 'no.')), 1],
    ['an engine that fails before work begins', new AncError('ANC_ENGINE', 'ONNX Runtime: no.'), 1],
    ['anything else', new Error('no.'), 1],
  ])('ends with the right code after %s', (_, error, exit) => {
    expect(failureOf(error).exit).toBe(exit);
  });

  it('has what an error says besides its message, for documents', () => {
    const error = new AncError('ANC_CONFIG', 'no.', {
      expected: 'a',
      hint: 'b',
      path: ['seeds', 0],
      problem: 'c',
    });
    expect(failureOf(error).detail).toEqual({ expected: 'a', hint: 'b', path: ['seeds', 0] });
    expect(failureOf(new Error('no.')).detail).toEqual({});
  });

  it('fails whatever it is where work had begun', () => {
    expect(failureOf(new AncError('ANC_CONFIG', 'no.'), true).exit).toBe(1);
  });
});
