import { Method, type MethodEnvironment, type Stage } from '@anc/core';
import { z } from 'zod';
import { klSchema, klTerm } from '../data-terms/index.js';
import { imagePairs, pairOf, tapSchema, type TapPair } from '../features/tap-pairs.js';
import {
  addedHardWeight,
  formerOptimizerName,
  optimizerOption,
  withDeprecatedNames,
} from '../options/index.js';
import { hardTerm } from '../stages/data-weight.js';
import { progressShare, termStage } from '../stages/term-stage.js';
import { hintTerm } from '../terms/hint.js';
import { dataTerm } from '../terms/logits.js';

/** Options of the method `fitnets`. */
export const fitnetsSchema = withDeprecatedNames(
  z.strictObject({
    optimizer: optimizerOption,
    temperature: klSchema.shape.temperature,
    hint: tapSchema
      .optional()
      .describe(
        "guided layer of the student and the teacher's hint; default: the middle one of the image taps that both share by name",
      ),
    hintShare: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.25)
      .describe('share of the epochs for the hint stage; the distillation stage has the rest'),
    softStart: z
      .number()
      .nonnegative()
      .default(4)
      .describe("weight of the teacher's logits at the start of the distillation stage"),
    softEnd: z
      .number()
      .nonnegative()
      .default(1)
      .describe("weight of the teacher's logits at its end; linear in between"),
    hardWeight: addedHardWeight,
  }),
  formerOptimizerName,
);

/**
 * Romero 2015 ("FitNets: hints for thin deep nets"), in two stages.
 * 1. Hint: min ½ ‖u_h(x) - r(v_g(x))‖² over the student up to the guided layer and a regressor r.
 * 2. Distillation: H(y, softmax f_s) + λ · T² KL(softmax(f_t/T) ‖ softmax(f_s/T)), λ decreasing linearly.
 *
 * The paper fixed labels in stage 2 (`hardWeight`), the middle layers, a convolutional regressor without padding, and λ from 4
 * to 1. Ours: a padded 3×3 regressor with the hint resized if the planes differ (so it also serves students with the
 * smaller plane), no weight decay in stage 1 (it would shrink the layers above the guided one, which have no
 * gradient there), and one budget of epochs for both stages.
 */
export class FitNetsMethod extends Method {
  readonly name = 'fitnets';
  readonly labels: 'never' | 'required';
  readonly needsTeacher = true;

  /** @param options as `fitnetsSchema` returns them. */
  constructor(readonly options: z.infer<typeof fitnetsSchema>) {
    super();
    this.labels = options.hardWeight === 0 ? 'never' : 'required';
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    const { optimizer, temperature, hintShare, softStart, softEnd } = this.options;
    return [
      termStage({
        name: 'hint',
        share: hintShare,
        environment,
        optimizer: { ...optimizer, weightDecay: 0 },
        terms: [{ term: hintTerm(this.#hint(environment)), weight: 1 }],
      }),
      termStage({
        name: 'distillation',
        share: 1 - hintShare,
        environment,
        optimizer,
        terms: [
          ...hardTerm({ hardWeight: this.options.hardWeight }),
          {
            term: dataTerm(klTerm({ temperature })),
            weight: (progress) => softStart + (softEnd - softStart) * progressShare(progress),
          },
        ],
      }),
    ];
  }

  #hint(environment: MethodEnvironment): TapPair {
    if (this.options.hint !== undefined) return pairOf(this.options.hint, environment);
    const pairs = imagePairs(undefined, environment, 1);
    return pairs[Math.floor((pairs.length - 1) / 2)]!;
  }
}
