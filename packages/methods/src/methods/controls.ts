import type { Parts } from '@anc/core';
import { AdversarialMethod, type AdversarialOptions, type Control } from './adversarial.js';

const control =
  (name: string, kind: Control) =>
  (options: AdversarialOptions, parts: Parts): AdversarialMethod =>
    new AdversarialMethod(options, parts, { name, control: kind, terms: [] });

/**
 * λ · E‖f_t - f_s‖² + Adv with D = 1/2: a control, the adversarial method with a D whose weights are zero for good. It
 * gives no gradient, as the paper's D under Eq. 5 with μ = 0.99 soon does. Its student is the data term's, to the bit.
 * Not in the paper (Belagiannis 2018); everything but D is as `AdversarialMethod` has it.
 */
export const deadDiscriminator = control('adversarial-dead', 'dead');

/**
 * λ · E‖f_t - f_s‖² - E log D_0(f_s), D_0 a D that stays at its random start: a control whose gradient has the
 * smoothness of an adversary's and knows nothing of teacher and student. Not in the paper (Belagiannis 2018);
 * everything but D's training is as `AdversarialMethod` has it.
 */
export const frozenDiscriminator = control('adversarial-frozen', 'frozen');
