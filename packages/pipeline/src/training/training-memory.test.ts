import { encodeNumbers, type Json } from '@anc/core/internal';
import { describe, expect, it } from 'vitest';
import { assertContinuable, readMemory, type TrainingMemory } from './training-memory.js';

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

  it.each<[string, unknown]>([
    ['memory.', null],
    ['memory.', []],
    ['memory.stage', { ...memory, stage: -1 }],
    ['memory.position', { ...memory, position: 'x' }],
    ['memory.position', { ...memory, position: { step: 1 } }],
    ['memory.position.step', { ...memory, position: { ...memory.position, step: 1.5 } }],
    [
      'memory.position.accumulator.sums.loss',
      { ...memory, position: { step: 1, accumulator: { count: 1, sums: { loss: 'high' } } } },
    ],
    ['memory.seconds', { ...memory, seconds: 'many' }],
    ['memory.diagnostics', { ...memory, diagnostics: 5 }],
    ['memory.best.epoch', { ...memory, best: { error: 1, agreement: 1, epoch: 'first' } }],
    ['memory.stopped.by', { ...memory, stopped: { epoch: 1 } }],
    ['memory.hooks.states', { ...memory, hooks: { a: 5 } }],
  ])('is refused by the name of the field that is wrong: %s', (field, wrong) => {
    expect(() => stored(wrong)).toThrow(
      expect.objectContaining({
        code: 'ANC_CHECKPOINT',
        message: `its field "${field}" is not what training writes.`,
      }) as Error,
    );
  });

  it('belongs to a stage of the model', () => {
    const checkpoint = { memory: encodeNumbers(memory) };
    expect(() => assertContinuable(checkpoint, 2)).not.toThrow();
    expect(() => assertContinuable(checkpoint, 1)).toThrow(
      expect.objectContaining({ code: 'ANC_CHECKPOINT', message: 'it is of stage 2, of 1.' }) as Error,
    );
  });

  it('keeps numbers that JSON does not have', () => {
    const strange = {
      ...memory,
      position: {
        step: 7,
        accumulator: { count: 2, sums: { loss: NaN, ratio: Infinity, other: -Infinity } },
      },
      diagnostics: { ...memory.diagnostics!, gradientRatio: Infinity, gradientCosine: NaN, auc: -Infinity },
    };
    expect(stored(strange)).toEqual(strange);
  });
});
