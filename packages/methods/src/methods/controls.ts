import type { Parts } from '@anc/core';
import { AdversarialMethod, type AdversarialOptions, type Control } from './adversarial.js';

const control =
  (name: string, kind: Control) =>
  (options: AdversarialOptions, parts: Parts): AdversarialMethod =>
    new AdversarialMethod(options, parts, { name, control: kind, terms: [] });

/**
 * A control: the adversarial method with a D whose weights are zero for good. It says 1/2 to everything and gives
 * no gradient, as the paper's Eq. 5 with μ = 0.99 soon does. Its student is the data term's.
 */
export const deadDiscriminator = control('adversarial-dead', 'dead');

/**
 * A control: the adversarial method with a D that stays at its random start. Its gradient has the size and the
 * smoothness of an adversary's and knows nothing of teacher and student.
 */
export const frozenDiscriminator = control('adversarial-frozen', 'frozen');
