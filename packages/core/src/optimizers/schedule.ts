import type { LearningRateSchedule, OptimizerParts, SchedulePosition } from '../contracts/optimizer.js';
import type { Progress } from '../contracts/method.js';
import { AncError } from '../errors/error.js';
import { builtinParts } from './builtin-parts.js';

/** A learning-rate schedule as data: its name, a warm-up before it, and its own options. */
export interface Schedule {
  /** Name of the schedule, e.g. `step` or `cosine`. */
  readonly kind: string;
  /** Share of the stage in which the rate rises linearly from zero. */
  readonly warmup?: number | undefined;
  readonly [option: string]: unknown;
}

type StageProgress = Pick<Progress, 'step' | 'epochs' | 'stepsPerEpoch'>;

/** The factor of the base learning rate at each step of a stage: the schedule after its warm-up. */
export function scheduleOf(
  { kind, warmup = 0, ...options }: Schedule,
  parts: OptimizerParts = builtinParts,
): (progress: StageProgress) => number {
  const schedule = parts.schedule(kind, options);
  return ({ step, epochs, stepsPerEpoch }) => {
    const steps = Math.max(1, epochs * stepsPerEpoch);
    const warm = Math.round(warmup * steps);
    if (step < warm) return (step + 1) / (warm + 1);
    return factorOf(schedule, { step, steps, warmup: warm, stepsPerEpoch });
  };
}

/** @throws `ANC_SCHEDULE` where a schedule gives something that is no factor of a learning rate. */
function factorOf(schedule: LearningRateSchedule, position: SchedulePosition): number {
  const factor = schedule.factor(position);
  if (Number.isFinite(factor) && factor >= 0) return factor;
  throw new AncError('ANC_SCHEDULE', `the schedule "${schedule.name}" gave no factor of a learning rate.`, {
    expected: `a number of 0 or more at step ${position.step} of ${position.steps}`,
    received: String(factor),
  });
}

/** Factor of the base learning rate at a step, of a schedule that comes with the program. */
export const rateAt = (schedule: Schedule, progress: StageProgress): number => scheduleOf(schedule)(progress);
