import { Method, optimizerConfigSchema, type MethodEnvironment, type Stage } from '@anc/core';
import { z } from 'zod';
import { klTerm, klSchema } from '../data-terms/index.js';
import { imagePairs, pairOf, tapSchema, type TapPair } from '../projections/taps.js';
import { hintTerm } from '../terms/hint.js';
import { dataTerm, hardLabels } from '../terms/logits.js';
import { progressShare, termStage } from './training.js';

export const fitnetsSchema = z.strictObject({
  recipe: optimizerConfigSchema.prefault({}),
  temperature: klSchema.shape.temperature,
  hint: tapSchema
    .optional()
    .describe(
      'guided layer and hint; by default the middle one of the image taps that both players name alike',
    ),
  hintShare: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.25)
    .describe('share of the epochs that the hint stage trains for; the rest is distillation'),
  softStart: z
    .number()
    .nonnegative()
    .default(4)
    .describe('weight of the teacher at the start of distillation'),
  softEnd: z.number().nonnegative().default(1).describe('and at its end'),
});

/**
 * Romero 2015 ("FitNets: hints for thin deep nets"), in two stages.
 * 1. Hint: min ½ ‖u_h(x) - r(v_g(x))‖² over the student up to the guided layer and a regressor r.
 * 2. Distillation: H(y, softmax f_s) + λ · T² KL(softmax(f_t/T) ‖ softmax(f_s/T)), λ falling linearly.
 *
 * The paper fixed labels in stage 2, the middle layers, a convolutional regressor without padding, and λ from 4
 * to 1. Ours: a padded 3×3 regressor with the hint resized where planes differ (it also serves students with the
 * smaller plane), no weight decay in stage 1 (it would shrink the layers above the guided one, which have no
 * gradient there), and one budget of epochs for both stages.
 */
export class FitNetsMethod extends Method {
  readonly name = 'fitnets';
  readonly labels = 'required';
  readonly needsTeacher = true;

  constructor(readonly options: z.infer<typeof fitnetsSchema>) {
    super();
  }

  stages(players: MethodEnvironment): readonly Stage[] {
    const { recipe, temperature, hintShare, softStart, softEnd } = this.options;
    return [
      termStage({
        name: 'hint',
        share: hintShare,
        environment: players,
        optimizer: { ...recipe, weightDecay: 0 },
        terms: [{ term: hintTerm(this.#hint(players)), weight: 1 }],
      }),
      termStage({
        name: 'distillation',
        share: 1 - hintShare,
        environment: players,
        optimizer: recipe,
        terms: [
          { term: hardLabels, weight: 1 },
          {
            term: dataTerm(klTerm({ temperature })),
            weight: (clock) => softStart + (softEnd - softStart) * progressShare(clock),
          },
        ],
      }),
    ];
  }

  #hint(players: MethodEnvironment): TapPair {
    if (this.options.hint !== undefined) return pairOf(this.options.hint, players);
    const pairs = imagePairs(undefined, players, 1);
    return pairs[Math.floor((pairs.length - 1) / 2)]!;
  }
}
