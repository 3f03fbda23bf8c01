import type { HookEpoch, HookModel, Progress, Tree } from '@anc/core';
import type { Stop } from '../hooks/hook-runner.js';
import type { PlannedModel } from '../planning/plan.js';
import type { Validation } from './validation.js';

/** Where a hook ended a model's training, and why. */
export interface Stopped extends Stop {
  /** The epoch, from 1, over all stages; it may not have ended. */
  readonly epoch: number;
  /** Epochs that the training was to have. */
  readonly epochs: number;
  /** Steps done in the stage. */
  readonly step: number;
}

/** The end of a model's training at a hook's request: recorded once, and raised as a signal. */
export class Stopping {
  readonly #controller = new AbortController();
  #stopped: Stopped | null;

  /** `stopped`: what a checkpoint holds. */
  constructor(
    readonly epochs: number,
    stopped: Stopped | null,
  ) {
    this.#stopped = stopped;
  }

  get stopped(): Stopped | null {
    return this.#stopped;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * `progress.epoch`: the epoch, from 0, to which the last step belongs; `stage.before`: epochs of the earlier stages. Nothing
   * is stopped where the model's training has ended anyway.
   */
  request(
    stop: Stop | null,
    { epoch, epochs, step, stepsPerEpoch }: Progress,
    stage: { readonly before: number; readonly isLast: boolean },
  ): void {
    if (stop === null || this.#stopped !== null) return;
    if (stop.stop === 'model' && stage.isLast && step === epochs * stepsPerEpoch) return;
    this.#stopped = { ...stop, epoch: stage.before + epoch + 1, epochs: this.epochs, step };
    this.#controller.abort();
  }
}

/** What hooks learn of a model. */
export const hookModelOf = ({ name, method, epochs }: PlannedModel): HookModel => ({
  name,
  role: name === 'teacher' ? 'teacher' : 'student',
  method: method.name,
  epochs,
});

/** The metric of the held-out images that counts; null where they were not looked at after this epoch. */
export function measuredOn(metrics: Tree<number>, validation: Validation | null): HookEpoch['validation'] {
  if (validation === null) return null;
  const isMetric = validation.by === 'metric';
  const metric = `validation/${isMetric ? validation.metric.name : 'agreement'}`;
  const value = metrics[metric];
  if (value === undefined) return null;
  return { metric, value, better: isMetric ? validation.metric.better : 'higher' };
}
