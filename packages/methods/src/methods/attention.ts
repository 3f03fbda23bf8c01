import { Method, type MethodEnvironment, type Stage } from '@anc/core';
import { z } from 'zod';
import { klSchema, klTerm } from '../data-terms/index.js';
import { imagePairs, tapSchema } from '../features/tap-pairs.js';
import { commonSchema, formerOptimizerName, withDeprecatedNames } from '../options/index.js';
import { softAndHard } from '../stages/data-weight.js';
import { termStage } from '../stages/term-stage.js';
import { attentionMaps } from '../terms/attention-maps.js';
import { dataTerm } from '../terms/logits.js';

/** Options of the method `attention`. */
export const attentionSchema = withDeprecatedNames(
  commonSchema.extend({
    ...klSchema.shape,
    attentionWeight: z.number().nonnegative().default(1000).describe('weight β of the attention maps'),
    taps: z
      .array(tapSchema)
      .min(1)
      .optional()
      .describe('image taps to compare; default: all that student and teacher share by name'),
  }),
  formerOptimizerName,
);

/**
 * Zagoruyko & Komodakis 2017 ("Paying more attention to attention"), Eq. 2: data + β Σ_j ‖Q_s/‖Q_s‖ - Q_t/‖Q_t‖‖²,
 * Q_j the spatial map of mean squared activations at tap j.
 *
 * The paper writes β/2; its code, which this follows, has β without the half. The squared distance is a mean over
 * positions and batch and β = 1000, as there. The paper adds it to cross-entropy with labels, and to KD in some runs;
 * here it is added to label-free KD unless `hardWeight` is above 0. Where the planes differ, the larger is averaged to
 * the smaller, as in RepDistiller.
 */
export class AttentionMethod extends Method {
  readonly name = 'attention';
  readonly labels: 'never' | 'required';
  readonly needsTeacher = true;

  /** @param options as `attentionSchema` returns them. */
  constructor(readonly options: z.infer<typeof attentionSchema>) {
    super();
    this.labels = options.hardWeight > 0 ? 'required' : 'never';
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    const { optimizer, temperature, attentionWeight, taps } = this.options;
    const term = attentionMaps(imagePairs(taps, environment, 1));
    const terms = [
      ...softAndHard(dataTerm(klTerm({ temperature })), this.options),
      { term, weight: attentionWeight },
    ];
    return [termStage({ name: this.name, environment, optimizer, terms })];
  }
}
