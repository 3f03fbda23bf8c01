import type { MetricsRecord } from './metrics-log.js';

/** Counts a model's steps through all its stages: those of a record start from zero in every stage. */
export class TotalSteps {
  /** Model -> stage -> steps done in it. */
  readonly #steps = new Map<string, Map<string, number>>();

  constructor(earlier: readonly MetricsRecord[] = []) {
    for (const record of earlier) this.of(record);
  }

  /** Steps of a record's model up to it, those of the earlier stages included. Records come in the order of the log. */
  of({ model, stage, step }: Pick<MetricsRecord, 'model' | 'stage' | 'step'>): number {
    const stages = this.#steps.get(model) ?? new Map<string, number>();
    this.#steps.set(model, stages.set(stage, Math.max(step, stages.get(stage) ?? 0)));
    let total = 0;
    for (const [name, steps] of stages) {
      if (name === stage) break;
      total += steps;
    }
    return total + step;
  }
}
