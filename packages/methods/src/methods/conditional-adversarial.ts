import type { Parts } from '@anc/core';
import type { z } from 'zod';
import { dataWeightOptions, part, withDeprecatedNames } from '../options/index.js';
import type { WeightedTerm } from '../stages/term-stage.js';
import { hardLabels } from '../terms/logits.js';
import { AdversarialMethod, adversarialSchema, formerOptimizerNames } from './adversarial.js';
import { inputSchema } from './attached-discriminators.js';

/**
 * Options whose defaults are not those of the adversarial method have names of their own, so that a run's options for
 * the adversarial method do not replace them.
 */
export const conditionalAdversarialSchema = withDeprecatedNames(
  adversarialSchema.current
    .omit({ discriminator: true, discriminators: true, input: true, dataTerm: true })
    .extend({
      conditionalDiscriminator: part('auxiliary-classifier').describe(
        'conditional discriminator architecture: auxiliary-classifier or projection',
      ),
      conditionalInput: inputSchema.default('logits'),
      alignment: part('l1').describe('data term: distance of the logits of student and teacher'),
      hardWeight: dataWeightOptions.hardWeight
        .unwrap()
        .optional()
        .describe(
          'weight of the cross-entropy with labels, as with other methods; default: 0, or with condition: labels 1 beside the whole data term',
        ),
    }),
  { ...formerOptimizerNames, critic: 'conditionalDiscriminator', looksAt: 'conditionalInput' },
);

/**
 * Xu, Hsu & Huang 2018 ("Training student networks for acceleration with conditional adversarial networks"):
 * min over f_s of Adv + E[-log P_D(c | f_s)] + λ · E|f_t - f_s|, with D trained on the adversarial loss and on
 * -log P_D(c | f_t) - log P_D(c | f_s): D takes logits and predicts the class too, so that it compares the student with
 * the teacher within a class.
 *
 * In the paper c is the label and cross-entropy with labels joins the student's loss (`condition: labels`). By
 * default nothing reads labels here: c is the teacher's prediction, softmax(f_t). `conditionalDiscriminator: projection`
 * gives the condition to D as an input instead (Miyato & Koyama 2018). The 128-256-128 layers, equal weights and Eq. 7
 * as the regularizer are ours.
 */
export function conditionalAdversarial(
  {
    conditionalDiscriminator,
    conditionalInput,
    alignment,
    ...options
  }: z.infer<typeof conditionalAdversarialSchema>,
  parts: Parts,
): AdversarialMethod {
  const { condition, hardWeight } = options;
  const terms: WeightedTerm[] =
    condition === 'labels' && hardWeight === undefined ? [{ term: hardLabels, weight: 1 }] : [];
  return new AdversarialMethod(
    {
      ...options,
      hardWeight: hardWeight ?? 0,
      discriminator: conditionalDiscriminator,
      input: conditionalInput,
      dataTerm: alignment,
    },
    parts,
    { name: 'conditional-adversarial', control: 'none', terms },
  );
}
