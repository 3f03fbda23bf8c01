import type { Progress } from '../contracts/method.js';

/** A learning-rate schedule as data: the factor of the base rate at each step. */
export type Schedule =
  | { readonly kind: 'constant'; readonly warmup?: number }
  /** × `factor` at each milestone: a step, or a share of the stage. */
  | {
      readonly kind: 'step';
      readonly milestones: readonly number[];
      readonly unit: 'iterations' | 'share';
      readonly factor: number;
      readonly warmup?: number;
    }
  /** Half a cosine from 1 to `floor` (Loshchilov & Hutter 2017). */
  | { readonly kind: 'cosine'; readonly floor?: number; readonly warmup?: number };

/** Factor of the base learning rate at a step. `warmup`, linear from zero, is a share of the stage. */
export function rateAt(
  schedule: Schedule,
  { step, epochs, stepsPerEpoch }: Pick<Progress, 'step' | 'epochs' | 'stepsPerEpoch'>,
): number {
  const total = Math.max(1, epochs * stepsPerEpoch);
  const warm = Math.round((schedule.warmup ?? 0) * total);
  if (step < warm) return (step + 1) / (warm + 1);
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'step': {
      const scale = schedule.unit === 'share' ? total : 1;
      const passed = schedule.milestones.filter((milestone) => step >= Math.round(milestone * scale)).length;
      return schedule.factor ** passed;
    }
    case 'cosine': {
      const floor = schedule.floor ?? 0;
      const done = (step - warm) / Math.max(1, total - warm);
      return floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * done));
    }
  }
}
