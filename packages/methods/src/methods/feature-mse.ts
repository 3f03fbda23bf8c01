import { Method, type Parts, type MethodEnvironment, type Stage } from '@anc/core';
import { z } from 'zod';
import { pairOf, tapSchema } from '../projections/taps.js';
import { dataTerm } from '../terms/logits.js';
import { pairedFeatures } from '../terms/paired-features.js';
import { commonSchema } from './imitation.js';
import { part } from './part.js';
import { progressShare, termStage } from './training.js';

export const featureMseSchema = commonSchema.extend({
  dataTerm: part('l2'),
  tap: tapSchema.prefault('features').describe('whose distance is measured'),
  featureWeight: z.number().nonnegative().default(1).describe('weight of the feature distance'),
  adapter: z.enum(['none', 'linear']).default('linear').describe('projects the student to the teacher'),
  decay: z.enum(['none', 'linear']).default('none').describe('linear: the feature weight falls to 0'),
});

/**
 * λ · Data + w · E mean_d (P f_s - f_t)²: the features of the same image are drawn together directly, with a
 * learned linear projection P that does not ship.
 *
 * The control for "it helps because it uses features": whatever the adversarial method gains over its data term
 * must be more than this gains. It is regression on hints at the last layer (Romero 2015) in one stage; the
 * projection, the mean over units and w = 1 are ours.
 */
export class FeatureMseMethod extends Method {
  readonly name = 'feature-mse';
  readonly labels = 'never';
  readonly needsTeacher = true;

  constructor(
    readonly options: z.infer<typeof featureMseSchema>,
    readonly parts: Parts,
  ) {
    super();
  }

  stages(players: MethodEnvironment): readonly Stage[] {
    const { recipe, lambda, tap, adapter, featureWeight, decay } = this.options;
    const data = this.parts.dataTerm(this.options.dataTerm.name, this.options.dataTerm.options);
    const features = pairedFeatures(pairOf(tap, players), adapter);
    return [
      termStage({
        name: this.name,
        environment: players,
        optimizer: recipe,
        terms: [
          { term: dataTerm(data), weight: lambda },
          {
            term: features,
            weight: decay === 'none' ? featureWeight : (clock) => featureWeight * (1 - progressShare(clock)),
          },
        ],
      }),
    ];
  }
}
