import type { Parts } from '@anc/core';
import type { z } from 'zod';
import { hardLabels } from '../terms/logits.js';
import { AdversarialMethod, adversarialSchema } from './adversarial.js';
import { inputSchema } from './attached-discriminators.js';
import { part } from './part.js';
import type { WeightedTerm } from './training.js';

/** Options of their own names where their defaults are not the adversarial method's. */
export const conditionalAdversarialSchema = adversarialSchema
  .omit({ discriminator: true, discriminators: true, input: true, dataTerm: true })
  .extend({
    critic: part('auxiliary-classifier').describe('auxiliary-classifier or projection'),
    looksAt: inputSchema.default('logits'),
    alignment: part('l1').describe('the data term'),
  });

/**
 * Xu, Hsu & Huang 2018 ("Training student networks for acceleration with conditional adversarial networks"):
 * min over f_s of Adv + E[-log P_D(c | f_s)] + λ · E|f_t - f_s|, with D trained on the game and on
 * -log P_D(c | f_t) - log P_D(c | f_s): D sees logits and names the class too, so that the student is judged
 * within its class.
 *
 * In the paper c is the label and cross-entropy with labels joins the student's loss (`condition: labels`). By
 * default here nothing reads labels: c is the teacher's prediction, softmax(f_t). `critic: projection` gives the
 * condition to D instead (Miyato & Koyama 2018). The 128-256-128 layers, equal weights and Eq. 7 as the regularizer
 * are ours.
 */
export function conditionalAdversarial(
  { critic, looksAt, alignment, ...options }: z.infer<typeof conditionalAdversarialSchema>,
  parts: Parts,
): AdversarialMethod {
  const terms: WeightedTerm[] = options.condition === 'labels' ? [{ term: hardLabels, weight: 1 }] : [];
  return new AdversarialMethod(
    { ...options, discriminator: critic, input: looksAt, dataTerm: alignment },
    parts,
    { name: 'conditional-adversarial', control: 'none', terms },
  );
}
