import type { Parts } from '@anc/core';
import { AdversarialMethod, type AdversarialOptions, type Control } from './adversarial.js';

const control =
  (name: string, kind: Control) =>
  (options: AdversarialOptions, parts: Parts): AdversarialMethod =>
    new AdversarialMethod(options, parts, { name, control: kind, terms: [] });

/**
 * λ · E‖f_t - f_s‖² + Adv with D = 1/2: a control, the adversarial method with a D whose weights stay zero. It has no
 * gradient, like the paper's D under Eq. 5 with μ = 0.99 after a short while. Its student is that of the data term, bit
 * for bit. Not in the paper (Belagiannis 2018); everything but D is as in `AdversarialMethod`.
 */
export const deadDiscriminator = control('adversarial-dead', 'dead');

/**
 * λ · E‖f_t - f_s‖² - E log D_0(f_s), D_0 a D with its random initial weights: a control whose gradient is as smooth as
 * that of a trained D and carries no information on teacher and student. Not in the paper (Belagiannis 2018);
 * everything but D's training is as in `AdversarialMethod`.
 */
export const frozenDiscriminator = control('adversarial-frozen', 'frozen');
