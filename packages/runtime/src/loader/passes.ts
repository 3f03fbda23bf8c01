import { planEpoch, type EpochPlan } from './epoch-plan.js';

/** Which images a batch has, and in which views. */
export interface BatchRows {
  readonly indices: Int32Array;
  readonly views: Int32Array;
}

/** An endless row of passes over the same images, each with the order and views of an epoch of its number. */
export class Passes {
  #last: { readonly pass: number; readonly plan: EpochPlan } | null = null;

  constructor(
    readonly count: number,
    readonly views: number | null,
    readonly seed: number,
  ) {}

  /** `length` images from place `start` of the row on. */
  rows(start: number, length: number): BatchRows {
    const [indices, views] = [new Int32Array(length), new Int32Array(length)];
    for (let i = 0; i < length; i++) {
      const plan = this.#plan(Math.floor((start + i) / this.count));
      indices[i] = plan.order[(start + i) % this.count]!;
      views[i] = plan.views[indices[i]!]!;
    }
    return { indices, views };
  }

  #plan(pass: number): EpochPlan {
    if (this.#last?.pass !== pass)
      this.#last = { pass, plan: planEpoch(this.count, this.views, this.seed, pass) };
    return this.#last.plan;
  }
}
