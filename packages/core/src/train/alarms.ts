import type { Diagnostics } from './diagnostics.js';

/** Something that the epoch's numbers say about the game, and what to try. */
export interface Alarm {
  readonly code: 'adversarial-inactive' | 'adversarial-harmful' | 'discriminator-won';
  readonly message: string;
  readonly advice: string;
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
