import type { HookEpoch, Json } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { EarlyStopping, earlyStoppingSchema } from './early-stopping.js';

const stopping = (options: object = {}): EarlyStopping =>
  new EarlyStopping(earlyStoppingSchema.parse(options));

function epoch(metrics: Record<string, number>, role: 'teacher' | 'student' = 'student'): HookEpoch {
  const value = metrics['validation/error'];
  return {
    model: { name: role, role, method: 'l2', epochs: 20 },
    stage: { name: 'l2', index: 0, count: 1 },
    progress: { epoch: 0, epochs: 20, step: 1, stepsPerEpoch: 1 },
    metrics,
    diagnostics: null,
    validation: value === undefined ? null : { metric: 'validation/error', value, better: 'lower' },
  };
}

/** Epochs until it stops, or null. */
function stopsAfter(hook: EarlyStopping, name: string, values: readonly number[]): number | null {
  const at = values.findIndex((value) => hook.onEpoch(epoch({ [name]: value })) !== undefined);
  return at === -1 ? null : at + 1;
}

describe('early-stopping', () => {
  it('stops when the metric has not improved for `patience` epochs, and says why', () => {
    const hook = stopping({ patience: 2 });
    expect(stopsAfter(hook, 'validation/error', [0.5, 0.4, 0.4, 0.3, 0.35, 0.3])).toBe(6);
    expect(hook.onEpoch(epoch({ 'validation/error': 0.4 }))).toEqual({
      stop: 'model',
      reason: 'validation/error has not improved on 0.3 for 2 epochs',
    });
  });

  it('goes by an improvement of at least minDelta', () => {
    expect(stopsAfter(stopping({ patience: 2, minDelta: 0.1 }), 'validation/error', [0.5, 0.45, 0.41])).toBe(
      3,
    );
    expect(stopsAfter(stopping({ patience: 2 }), 'validation/error', [0.5, 0.45, 0.41])).toBeNull();
  });

  it('knows which way is better', () => {
    const rising = [0.1, 0.2, 0.3, 0.4];
    const agreement = { metric: 'validation/agreement', patience: 2 };
    expect(stopsAfter(stopping(agreement), 'validation/agreement', rising)).toBeNull();
    expect(stopsAfter(stopping({ metric: 'loss/student', patience: 2 }), 'loss/student', rising)).toBe(3);
    expect(
      stopsAfter(stopping({ metric: 'loss/student', patience: 2, mode: 'max' }), 'loss/student', rising),
    ).toBeNull();
  });

  it('counts for each model, and leaves teachers alone where only students are meant', () => {
    const hook = stopping({ patience: 1, models: 'students' });
    for (const value of [1, 2, 3]) {
      expect(hook.onEpoch(epoch({ 'validation/error': value }, 'teacher'))).toBeUndefined();
    }
    expect(hook.onEpoch(epoch({ 'validation/error': 5 }))).toBeUndefined(); // the student's first
    expect(hook.onEpoch(epoch({ 'validation/error': 6 }))).toBeDefined();
  });

  it('needs held-out images only where it watches what is measured there', () => {
    expect(stopping().needsValidation).toBe(true);
    expect(stopping({ metric: 'validation/error' }).needsValidation).toBe(true);
    expect(stopping({ metric: 'loss/student' }).needsValidation).toBe(false);
    const code = expect.objectContaining({ code: 'ANC_HOOK' }) as Error;
    expect(() => stopping({ metric: 'los' }).onEpoch(epoch({ loss: 1 }))).toThrow(code);
  });

  it('continues from its state, and waits anew where a person went on', () => {
    const values = [0.5, 0.6];
    const first = stopping({ patience: 3 });
    expect(stopsAfter(first, 'validation/error', values)).toBeNull();
    const state = JSON.parse(JSON.stringify(first.state('student'))) as Json;
    const [resumed, continued] = [stopping({ patience: 3 }), stopping({ patience: 3 })];
    resumed.restore('student', state, { continued: false });
    continued.restore('student', state, { continued: true });
    expect(stopsAfter(resumed, 'validation/error', [0.6, 0.6, 0.6])).toBe(2);
    expect(stopsAfter(continued, 'validation/error', [0.6, 0.6, 0.6])).toBe(3);
  });
});
