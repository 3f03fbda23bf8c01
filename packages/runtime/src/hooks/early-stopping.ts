import { AncError, type HookEpoch, type Json, type RunHook, type StopRequest } from '@anc/core';
import { z } from 'zod';

export const earlyStoppingSchema = z.strictObject({
  metric: z
    .string()
    .min(1)
    .default('validation')
    .describe(
      'metric of an epoch, such as validation/error or loss/student; validation: the one by which the best epoch is chosen',
    ),
  patience: z.int().min(1).default(5).describe('epochs without improvement after which training stops'),
  minDelta: z.number().min(0).default(0).describe('smallest change that counts as an improvement'),
  mode: z
    .enum(['auto', 'min', 'max'])
    .default('auto')
    .describe(
      'min: lower is better; max: higher is; auto: as the task says, higher for agreement, lower for everything else',
    ),
  models: z.enum(['all', 'students']).default('all').describe('whose training may be stopped'),
});

export type EarlyStoppingOptions = z.infer<typeof earlyStoppingSchema>;

/** What is remembered of a model. */
interface Progress {
  readonly best: number;
  /** Epochs since the best one. */
  readonly waited: number;
}

/**
 * Stops a model's training when a metric has not improved for some epochs (Prechelt 1998). Its numbers are those of the training and
 * of held-out images; the test images are never looked at.
 */
export class EarlyStopping implements RunHook {
  readonly name = 'early-stopping';
  readonly onError = 'end';
  readonly needsValidation: boolean;
  readonly #models = new Map<string, Progress>();

  constructor(readonly options: EarlyStoppingOptions) {
    this.needsValidation = /^validation(\/|$)/.test(options.metric);
  }

  onEpoch({ model, metrics, validation }: HookEpoch): StopRequest | undefined {
    const { metric, patience, minDelta, models } = this.options;
    if (models === 'students' && model.role === 'teacher') return undefined;
    const found = this.#valueOf(metric, metrics, validation);
    // Held-out images are looked at in the last stage alone, and a teacher agrees with no other.
    if (found === null) return undefined;
    const lower = this.#isLowerBetter(found.name, validation);
    const before = this.#models.get(model.name);
    const gain =
      before === undefined ? Infinity : lower ? before.best - found.value : found.value - before.best;
    const improved = gain > minDelta || Number.isNaN(before?.best);
    const best = improved ? found.value : before!.best;
    const waited = improved ? 0 : before!.waited + 1;
    this.#models.set(model.name, { best, waited });
    if (waited < patience) return undefined;
    const epochs = patience === 1 ? '1 epoch' : `${patience} epochs`;
    return { stop: 'model', reason: `${found.name} has not improved on ${shown(best)} for ${epochs}` };
  }

  state(model: string): Json {
    const progress = this.#models.get(model);
    return progress === undefined ? null : { best: progress.best, waited: progress.waited };
  }

  /** After a stop, a person who goes on wants another `patience` epochs. */
  restore(model: string, state: Json, { continued }: { readonly continued: boolean }): void {
    if (state === null) return;
    const { best, waited } = state as { best: number | null; waited: number };
    this.#models.set(model, { best: best ?? NaN, waited: continued ? 0 : waited });
  }

  #isLowerBetter(name: string, validation: HookEpoch['validation']): boolean {
    const { mode } = this.options;
    if (mode !== 'auto') return mode === 'min';
    return validation?.metric === name ? validation.better === 'lower' : !name.endsWith('agreement');
  }

  #valueOf(
    metric: string,
    metrics: HookEpoch['metrics'],
    validation: HookEpoch['validation'],
  ): { name: string; value: number } | null {
    if (metric === 'validation')
      return validation === null ? null : { name: validation.metric, value: validation.value };
    const value = metrics[metric];
    if (value !== undefined) return { name: metric, value };
    if (this.needsValidation) return null;
    throw new AncError(
      'ANC_HOOK',
      `the hook "early-stopping" watches the metric "${metric}", which there is not.`,
      {
        expected: `one of ${Object.keys(metrics).join(', ')}`,
      },
    );
  }
}

const shown = (value: number): string => String(Number(value.toPrecision(4)));
