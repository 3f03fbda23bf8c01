import type { Diagnostics } from './diagnostics.js';

/** A problem of adversarial training that an epoch's metrics show, and what to try. */
export interface Alarm {
  /** Stable code of the problem. */
  readonly code:
    | 'adversarial-inactive'
    | 'adversarial-harmful'
    | 'discriminator-won'
    | 'generator-collapsed'
    | 'generator-constant'
    | 'generator-saturated';
  /** What was observed, in one sentence. */
  readonly message: string;
  /** What to try, in one sentence. */
  readonly advice: string;
}

/** Above this ratio the adversarial gradient is negligible beside the data term's; below 1 it is the larger one. */
const INACTIVE_RATIO = 20;
/** Above this AUC the discriminator separates teacher from student. */
const WON_AUC = 0.95;

/**
 * The problems of adversarial training, none where it is healthy. D's accuracy, or D(s) near 0, cannot show them:
 * under Eq. 7 a D that has won has D(t) = 1 and D(s) = 1/2. The AUC needs no threshold.
 */
export function alarmsFor({ auc, gradientRatio, gradientCosine }: Diagnostics): readonly Alarm[] {
  const alarms: Alarm[] = [];
  if (auc > WON_AUC) {
    alarms.push({
      code: 'discriminator-won',
      message: `the discriminator separates teacher from student (AUC ${auc.toFixed(3)}).`,
      advice:
        'try a smaller discriminator, a lower discriminator learning rate, fewer of its steps, or a delayed start.',
    });
  }
  if (!(gradientRatio <= INACTIVE_RATIO)) {
    alarms.push({
      code: 'adversarial-inactive',
      message: `the adversarial gradient is ${Number.isFinite(gradientRatio) ? `${gradientRatio.toFixed(0)} times smaller than` : 'nothing beside'} the data term's.`,
      advice:
        'try the mean reduction of the data term, a smaller lambda, the gradient-norm balancer, or a weaker regularizer.',
    });
  } else if (gradientRatio < 1 && gradientCosine < 0) {
    alarms.push({
      code: 'adversarial-harmful',
      message: `the adversarial gradient is the larger one (ratio ${gradientRatio.toFixed(2)}) and opposes the data term (cosine ${gradientCosine.toFixed(2)}).`,
      advice:
        'try the adversarial-samples regularizer, a smaller adversarial weight, a delayed start, or the gradient-norm balancer.',
    });
  }
  return alarms;
}
