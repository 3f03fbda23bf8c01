import { isAncError, type HookEnd } from '@anc/core';
import { isInterruption } from '../events/interrupted.js';
import { HookRunner } from '../hooks/hook-runner.js';
import type { TrainingPlan } from '../planning/plan.js';

/** The held-out images choose the settings: no hook looks at them during a trial. */
export function hooksOf({ hooks }: TrainingPlan, notice: (message: string) => void): HookRunner {
  const kept = hooks.filter(({ hook }) => {
    if (hook.needsValidation !== true) return true;
    notice(
      `the hook ${hook.name} has no effect: while tuning, the held-out images are looked at after a trial.`,
    );
    return false;
  });
  return new HookRunner(kept, notice);
}

/** How work on a tuning ended that threw. */
export const outcomeOf =
  (signal: AbortSignal) =>
  (error: unknown): HookEnd['outcome'] =>
    isInterruption(error, signal) ? 'interrupted' : isStop(error) ? 'stopped' : 'failed';

const isStop = (error: unknown): boolean => isAncError(error) && error.code === 'ANC_STOPPED';
