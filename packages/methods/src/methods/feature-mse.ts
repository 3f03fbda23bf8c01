import { Method, type MethodEnvironment, type Parts, type Stage } from '@anc/core';
import { z } from 'zod';
import { pairOf, tapSchema } from '../features/tap-pairs.js';
import { commonSchema, formerOptimizerName, part, withDeprecatedNames } from '../options/index.js';
import { softAndHard } from '../stages/data-weight.js';
import { progressShare, termStage } from '../stages/term-stage.js';
import { dataTerm } from '../terms/logits.js';
import { ADAPTERS, pairedFeatures } from '../terms/paired-features.js';

/** Options of the method `feature-mse`. */
export const featureMseSchema = withDeprecatedNames(
  commonSchema.extend({
    dataTerm: part('l2').describe('distance of the logits of student and teacher'),
    tap: tapSchema.prefault('features').describe('output to compare: features, logits or a named tap'),
    featureWeight: z.number().nonnegative().default(1).describe('weight of the feature distance'),
    adapter: z
      .enum(ADAPTERS)
      .default('linear')
      .describe(
        "linear: a learned projection of the student's output to the teacher's width; regressor: a convolution, batch norm and ReLU, also between different planes; not exported",
      ),
    decay: z
      .enum(['none', 'linear'])
      .default('none')
      .describe('linear: the feature weight decays to 0 over the training'),
  }),
  formerOptimizerName,
);

/**
 * λ · Data + w · E mean_d (P f_s - f_t)²: pulls the features of the same image together directly, with a learned linear
 * projection P that is not exported.
 *
 * The control for "it helps because it uses features": what the adversarial method gains over its data term must be
 * more than what this gains. It is regression on hints at the last layer (Romero 2015) in one stage; the projection,
 * the mean over units and w = 1 are ours.
 */
export class FeatureMseMethod extends Method {
  readonly name = 'feature-mse';
  readonly labels: 'never' | 'required';
  readonly needsTeacher = true;

  constructor(
    /** As `featureMseSchema` returns them. */
    readonly options: z.infer<typeof featureMseSchema>,
    /** Creates the parts of the objective by name. */
    readonly parts: Parts,
  ) {
    super();
    this.labels = options.hardWeight > 0 ? 'required' : 'never';
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    const { optimizer, tap, adapter, featureWeight, decay } = this.options;
    const data = this.parts.dataTerm(this.options.dataTerm.name, this.options.dataTerm.options);
    const features = pairedFeatures(pairOf(tap, environment), adapter);
    return [
      termStage({
        name: this.name,
        environment,
        optimizer,
        terms: [
          ...softAndHard(dataTerm(data), this.options),
          {
            term: features,
            weight:
              decay === 'none' ? featureWeight : (progress) => featureWeight * (1 - progressShare(progress)),
          },
        ],
      }),
    ];
  }
}
