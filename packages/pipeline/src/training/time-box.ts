import type { Horizon } from '@anc/core';
import type { TimeBoxRecord } from '../events/documents.js';

/** Part of the time after which the number of steps is estimated anew. */
const REVISED_EVERY = 0.01;

/** Seconds of a run, over all processes that took part. */
export type Clock = () => number;

/**
 * The time that a model is trained for. The number of steps of a stage is estimated from those that were done, after the
 * first ones and then after every hundredth of the time, so that schedules end with the time.
 */
export class TimeBox {
  readonly #revisions: (readonly [number, number, number])[];

  /**
   * @param reserve seconds at its end for what follows the training
   * @param before what a checkpoint holds
   */
  constructor(
    readonly clock: Clock,
    readonly from: number,
    readonly until: number,
    readonly reserve: number,
    before: TimeBoxRecord['revisions'] = [],
  ) {
    this.#revisions = [...before];
  }

  get record(): TimeBoxRecord {
    return { from: this.from, until: this.until, revisions: [...this.#revisions] };
  }

  /**
   * The horizon of a stage.
   *
   * @param end share of the time at which it ends
   * @param first how many steps it is expected to have before one was made
   */
  stage(stage: number, end: number, first: number): Horizon {
    const until = this.from + end * (this.until - this.reserve - this.from);
    const every = REVISED_EVERY * (this.until - this.from);
    const samples: { readonly step: number; readonly at: number }[] = [];
    const before = this.#revisions.findLast(([one]) => one === stage);
    let total = before?.[2] ?? Math.max(1, Math.round(first));
    let revisedAt = -Infinity;
    /** Steps per second since about half of the steps ago; the first step of a process, which compiles, is left out. */
    const rate = (step: number, now: number): number => {
      const begin = samples[1] ?? samples[0]!;
      const half = samples.findLast(
        (sample) => sample.step <= (step + begin.step) / 2 && sample.step >= begin.step,
      );
      const since = half ?? begin;
      return (step - since.step) / Math.max(now - since.at, 1e-6);
    };
    const revise = (step: number, now: number, steps: number): number => {
      revisedAt = now;
      if (steps !== this.#revisions.findLast(([one]) => one === stage)?.[2])
        this.#revisions.push([stage, step, steps]);
      return steps;
    };
    return {
      steps: (step) => {
        const now = this.clock();
        if (samples.length < 2 || now - samples.at(-1)!.at >= every / 20) samples.push({ step, at: now });
        if (step > 0 && now >= until) total = revise(step, now, step);
        else if (
          samples.length > 1 &&
          step > samples[1]!.step &&
          (step >= total || now - revisedAt >= every)
        ) {
          const left = (until - now) * rate(step, now);
          total = revise(step, now, left < 0.5 ? step : Math.max(step + 1, Math.round(step + left)));
        } else total = Math.max(total, step + 1);
        return total;
      },
    };
  }
}
