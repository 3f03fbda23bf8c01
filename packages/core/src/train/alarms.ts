import type { Tree } from '../tree/tree.js';

/** Something that the epoch's numbers say about the game, and what to try. */
export interface Alarm {
  readonly code: 'adversarial-inactive' | 'adversarial-harmful' | 'discriminator-won';
  readonly message: string;
  readonly advice: string;
}

/** The game in five numbers, means over an epoch. */
export interface Diagnostics {
  /** Probability that D scores a teacher sample above a student sample; 1/2 is perfect mimicry. */
  readonly auc: number;
  readonly dTeacher: number;
  readonly dStudent: number;
  /** |∂ λ·Data| / |∂ w·Adv| at the discriminator's input. */
  readonly gradientRatio: number;
  readonly gradientCosine: number;
}

/** Reads the diagnostics out of an epoch's metrics; null where no discriminator played. */
export function diagnosticsOf(metrics: Tree<number>): Diagnostics | null {
  const { auc, dTeacher, dStudent } = metrics;
  const cosine = metrics['gradient/cosine'];
  if (auc === undefined || dTeacher === undefined || dStudent === undefined || cosine === undefined)
    return null;
  const gradientRatio = metrics['gradient/data']! / metrics['gradient/adversarial']!;
  return { auc, dTeacher, dStudent, gradientRatio, gradientCosine: cosine };
}

/** Above this ratio the adversarial gradient is noise beside the data's; below 1 it leads. */
const inactiveRatio = 20;
const wonAuc = 0.95;

/**
 * What is wrong with the game, if anything. "D's accuracy" and "D(s) near 0" are no health checks: under
 * Eq. 7 a D that has won shows D(t) = 1 and D(s) = 1/2. The AUC needs no threshold.
 */
export function alarmsFor({ auc, gradientRatio, gradientCosine }: Diagnostics): readonly Alarm[] {
  const alarms: Alarm[] = [];
  if (auc > wonAuc) {
    alarms.push({
      code: 'discriminator-won',
      message: `the discriminator tells the players apart (AUC ${auc.toFixed(3)}).`,
      advice:
        'try a smaller discriminator, a lower discriminator learning rate, fewer of its steps, or a delayed start.',
    });
  }
  if (!(gradientRatio <= inactiveRatio)) {
    alarms.push({
      code: 'adversarial-inactive',
      message: `the adversarial gradient is ${Number.isFinite(gradientRatio) ? `${gradientRatio.toFixed(0)} times smaller than` : 'nothing beside'} the data term's.`,
      advice:
        'try the mean reduction of the data term, a smaller lambda, the gradient-norm balancer, or a weaker regularizer.',
    });
  } else if (gradientRatio < 1 && gradientCosine < 0) {
    alarms.push({
      code: 'adversarial-harmful',
      message: `the adversarial gradient leads (ratio ${gradientRatio.toFixed(2)}) and opposes the data term (cosine ${gradientCosine.toFixed(2)}).`,
      advice:
        'try the adversarial-samples regularizer, a smaller adversarial weight, a delayed start, or the gradient-norm balancer.',
    });
  }
  return alarms;
}
