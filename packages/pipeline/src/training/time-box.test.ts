import { describe, expect, it } from 'vitest';
import { TimeBox } from './time-box.js';

/** Plays a stage whose steps take `duration(step)` seconds; the first takes five more, as if it compiled. */
function play(
  duration: (step: number) => number,
  {
    until = 100,
    reserve = 0,
    first = 10,
    from = 0,
    step = 0,
    stopAt = Infinity,
    box = null as TimeBox | null,
  } = {},
) {
  let now = from;
  const used = box ?? new TimeBox(() => now, from, until, reserve);
  const horizon = used.stage(0, 1, first);
  const totals = [horizon.steps(step)];
  while (step < totals.at(-1)! && step < stopAt) {
    now += duration(step) + (totals.length === 1 ? 5 : 0);
    step++;
    totals.push(horizon.steps(step));
  }
  return { now, step, totals, revisions: used.record.revisions };
}

describe('a time box', () => {
  it.each<[string, (step: number) => number, number]>([
    ['a steady speed', () => 0.1, 10],
    ['far fewer steps than were expected', () => 3, 10_000],
    ['far more', () => 0.01, 2],
    ['steps that become faster', (step) => (step < 200 ? 0.2 : 0.05), 100],
    ['steps that become slower', (step) => (step < 200 ? 0.05 : 0.2), 100],
    ['a slow last step of every epoch', (step) => (step % 50 === 49 ? 2 : 0.05), 100],
  ])('ends with the time at %s', (_, duration, first) => {
    const { now, step, totals } = play(duration, { first });
    expect(now).toBeGreaterThan(95);
    expect(now).toBeLessThan(103);
    expect(totals.at(-1)).toBe(step);
  });

  it('keeps a reserve for what follows', () => {
    expect(play(() => 0.1, { reserve: 20 }).now).toBeCloseTo(80, 0);
  });

  it('knows its end well before it comes, and revises it at most about a hundred times', () => {
    const { totals, step, revisions } = play(() => 0.1);
    expect(Math.abs(totals[Math.round(step / 2)]! / step - 1)).toBeLessThan(0.02);
    expect(revisions.length).toBeLessThan(105);
    expect(revisions.at(-1)![2]).toBe(step);
  });

  it('makes one step where no time is left, and none where steps were made', () => {
    expect(play(() => 1, { from: 200 }).step).toBe(1);
    const box = new TimeBox(() => 200, 0, 100, 0, [[0, 5, 50]]);
    expect(box.stage(0, 1, 10).steps(7)).toBe(7);
  });

  it('shares the time among stages', () => {
    let now = 0;
    const box = new TimeBox(() => now, 0, 100, 10);
    for (const [stage, end] of [0.5, 1].entries()) {
      const horizon = box.stage(stage, end, 10);
      for (let [step, total] = [0, horizon.steps(0)]; step < total; total = horizon.steps(++step)) now += 1;
      expect(now).toBeCloseTo(90 * end, -0.5);
    }
  });
});
