import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtinParts } from './builtin-parts.js';
import { builtinSchedules } from './builtin-schedules.js';
import { rateAt, scheduleOf, type Schedule } from './schedule.js';

const progress = (step: number) => ({ step, epochs: 10, stepsPerEpoch: 10 });
const ratesOf = (schedule: Schedule, ...steps: readonly number[]): number[] =>
  steps.map((step) => rateAt(schedule, progress(step)));

describe('rateAt', () => {
  it('is 1 at every step of a constant schedule', () => {
    expect(ratesOf({ kind: 'constant' }, 0, 50, 99)).toEqual([1, 1, 1]);
  });

  it('drops at milestones given in steps', () => {
    const schedule: Schedule = { kind: 'step', milestones: [50, 80], unit: 'iterations', factor: 0.5 };
    expect(ratesOf(schedule, 0, 49, 50, 79, 80, 99)).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25]);
  });

  it('drops at milestones given as shares of the training', () => {
    const schedule: Schedule = { kind: 'step', milestones: [0.25, 0.5], unit: 'share', factor: 0.5 };
    expect(ratesOf(schedule, 24, 25, 49, 50)).toEqual([1, 0.5, 0.5, 0.25]);
  });

  it('falls along half a cosine, to its floor', () => {
    const schedule: Schedule = { kind: 'cosine', floor: 0.2 };
    const [start, half, end] = ratesOf(schedule, 0, 50, 100);
    expect(start).toBe(1);
    expect(half).toBeCloseTo(0.6, 10);
    expect(end).toBeCloseTo(0.2, 10);
    expect(rateAt({ kind: 'cosine' }, progress(25))).toBeCloseTo(0.5 * (1 + Math.SQRT1_2), 10);
  });

  it('rises linearly in the warm-up, from the first step on, whatever follows', () => {
    for (const kind of ['constant', 'cosine'] as const) {
      const rates = ratesOf({ kind, warmup: 0.04 }, 0, 1, 2, 3, 4);
      [0.2, 0.4, 0.6, 0.8, 1].forEach((expected, i) => {
        expect(rates[i]).toBeCloseTo(expected, 10);
      });
    }
    expect(rateAt({ kind: 'cosine', warmup: 0.1 }, progress(55))).toBeCloseTo(0.5, 10);
  });

  it('stays within 0 and 1 and, after the warm-up, never rises', () => {
    const share = fc.double({ min: 0, max: 0.5, noNaN: true });
    const schedules: fc.Arbitrary<Schedule> = fc.oneof(
      fc.record({ kind: fc.constant('cosine' as const), floor: share, warmup: share }),
      fc.record({
        kind: fc.constant('step' as const),
        milestones: fc.array(share),
        unit: fc.constant('share' as const),
        factor: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
        warmup: share,
      }),
    );
    fc.assert(
      fc.property(schedules, (schedule) => {
        const rates = ratesOf(schedule, ...Array.from({ length: 100 }, (_, step) => step));
        expect(rates.every((rate) => rate >= 0 && rate <= 1)).toBe(true);
        const warm = Math.round((schedule.warmup ?? 0) * 100);
        const after = rates.slice(warm);
        expect(after.every((rate, i) => i === 0 || rate <= after[i - 1]! + 1e-12)).toBe(true);
      }),
    );
  });
});

describe('the other schedules', () => {
  const at = (schedule: Schedule, step: number): number => rateAt(schedule, progress(step));

  it('polynomial falls as a power of what is left', () => {
    expect(at({ kind: 'polynomial', power: 2 }, 50)).toBeCloseTo(0.25, 10);
    expect(at({ kind: 'polynomial', floor: 0.1 }, 25)).toBeCloseTo(0.1 + 0.9 * 0.75, 10);
  });

  it('exponential has the same factor at every step', () => {
    const schedule = { kind: 'exponential', end: 0.01 };
    expect(at(schedule, 50)).toBeCloseTo(0.1, 10);
    expect(at(schedule, 11) / at(schedule, 10)).toBeCloseTo(0.01 ** 0.01, 10);
  });

  it('one-cycle rises to the given rate and falls below its start', () => {
    const schedule = { kind: 'one-cycle', peak: 0.3, start: 0.04, end: 4e-6 };
    expect(at(schedule, 0)).toBeCloseTo(0.04, 10);
    expect(at(schedule, 29)).toBeCloseTo(1, 10);
    expect(at(schedule, 99)).toBeCloseTo(4e-6, 10);
  });

  it('cosine-restarts begins again at 1, in cycles that may grow', () => {
    const schedule = { kind: 'cosine-restarts', cycles: 2, growth: 3 };
    expect([0, 25].map((step) => at(schedule, step))).toEqual([1, 1]);
    expect(at(schedule, 62.5)).toBeCloseTo(0.5, 10);
    expect(at({ kind: 'cosine-restarts', cycles: 4 }, 50)).toBe(1);
    expect(at(schedule, 12.5)).toBeCloseTo(0.5, 10);
    expect(at(schedule, 100)).toBeCloseTo(0, 10);
    expect(at({ ...schedule, floor: 0.2 }, 62.5)).toBeCloseTo(0.6, 10);
  });

  it('one-cycle begins after a warm-up, and has its peak and its end in what is left', () => {
    const schedule = { kind: 'one-cycle', peak: 0.3, start: 0.04, end: 0.5, warmup: 0.2 };
    const rates = [20, 31.5, 43, 71, 99].map((step) => at(schedule, step));
    [0.04, 0.52, 1, 0.75, 0.5].forEach((rate, i) => {
      expect(rates[i]).toBeCloseTo(rate, 10);
    });
  });

  it('have a text each, and a name with their options', () => {
    for (const [name, { summary }] of Object.entries(builtinSchedules)) expect(summary, name).not.toBe('');
    expect(builtinParts.schedule('cosine', { floor: 0.25 }).name).toContain('{"floor":0.25}');
  });

  it('refuses unknown names, wrong options and factors that are none', () => {
    const code = (expected: string) => expect.objectContaining({ code: expected }) as Error;
    expect(() => at({ kind: 'cosin' }, 0)).toThrow(code('ANC_UNKNOWN'));
    expect(() => at({ kind: 'one-cycle', peak: 2 }, 0)).toThrow(code('ANC_OPTIONS'));
    const factorOf = (factor: number): number => {
      const parts = { ...builtinParts, schedule: () => ({ name: 'own', factor: () => factor }) };
      return scheduleOf({ kind: 'own' }, parts)(progress(3));
    };
    expect([0, 0.5].map(factorOf)).toEqual([0, 0.5]);
    for (const factor of [NaN, Infinity, -0.5]) {
      expect(() => factorOf(factor)).toThrow(
        expect.objectContaining({
          code: 'ANC_SCHEDULE',
          message: 'the schedule "own" gave no factor of a learning rate.',
          detail: { expected: 'a number of 0 or more at step 3 of 100', received: String(factor) },
        }) as Error,
      );
    }
  });
});
