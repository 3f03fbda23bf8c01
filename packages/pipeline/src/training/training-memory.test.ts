import { encodeNumbers, type Json } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { readMemory, type TrainingMemory } from './training-memory.js';

const memory: TrainingMemory = {
  stage: 1,
  position: { step: 7, accumulator: { count: 2, sums: { loss: 0.1 + 0.2, 'gradient/cosine': -1 } } },
  seconds: 12.5,
  diagnostics: { auc: 0.7, teacherScore: 0.6, studentScore: 0.5, gradientRatio: 5, gradientCosine: 0.01 },
  held: { error: 0.25, agreement: null },
  best: { epoch: 3, error: 0.2, agreement: 0.8 },
};

/** As a checkpoint writes it and reads it. */
const stored = (value: unknown): TrainingMemory =>
  readMemory(JSON.parse(JSON.stringify(encodeNumbers(value))) as Json);

describe('the memory of a checkpoint', () => {
  it('is read as it was written, to the last bit', () => {
    expect(stored(memory)).toEqual(memory);
    const empty = { ...memory, position: { step: 0, accumulator: { count: 0, sums: {} } } };
    expect(stored({ ...empty, diagnostics: null, held: null, best: null })).toEqual({
      ...empty,
      diagnostics: null,
      held: null,
      best: null,
    });
  });

  it('keeps numbers that JSON does not have', () => {
    const strange = {
      ...memory,
      position: { step: 7, accumulator: { count: 2, sums: { loss: NaN, ratio: Infinity, other: -Infinity } } },
      diagnostics: { ...memory.diagnostics!, gradientRatio: Infinity, gradientCosine: NaN, auc: -Infinity },
    };
    expect(stored(strange)).toEqual(strange);
  });
});
