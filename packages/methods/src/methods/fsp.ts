import { Method, optimizerConfigSchema, type MethodEnvironment, type Stage } from '@anc/core';
import { z } from 'zod';
import { imagePairs, tapSchema } from '../projections/taps.js';
import { flowTerm } from '../terms/flow.js';
import { hardLabels } from '../terms/logits.js';
import { termStage } from './training.js';

export const fspSchema = z.strictObject({
  recipe: optimizerConfigSchema.prefault({}),
  taps: z
    .array(tapSchema)
    .min(2)
    .optional()
    .describe('image taps in order of execution; by default all that both players name alike'),
  adapter: z
    .enum(['none', 'linear'])
    .default('none')
    .describe("linear: learned 1×1 projections where the players' channels differ"),
  flowShare: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe('share of the epochs that the flow stage trains for; the rest is supervised'),
});

/**
 * Yim 2017 ("A gift from knowledge distillation"), the flow of the solution procedure, in two stages.
 * 1. min Σ_i λ_i ‖G_i^T - G_i^S‖², G the flow matrix between two layers (see `flowMatrix`), λ_i = 1.
 * 2. Cross-entropy with labels from the weights that stage 1 left.
 *
 * The paper fixed equal channels on both sides, flows from the first to the last layer of each residual stage,
 * and as many iterations for both stages. Ours: flows between consecutive taps, projections on request where
 * channels differ, and one budget of epochs that the stages share.
 */
export class FspMethod extends Method {
  readonly name = 'fsp';
  readonly labels = 'required';
  readonly needsTeacher = true;

  constructor(readonly options: z.infer<typeof fspSchema>) {
    super();
  }

  stages(players: MethodEnvironment): readonly Stage[] {
    const { recipe, taps, adapter, flowShare } = this.options;
    const flow = flowTerm(imagePairs(taps, players, 2), adapter);
    return [
      termStage({
        name: 'flow',
        share: flowShare,
        environment: players,
        optimizer: { ...recipe, weightDecay: 0 }, // the layers after the last tap have no gradient here
        terms: [{ term: flow, weight: 1 }],
      }),
      termStage({
        name: 'supervised',
        share: 1 - flowShare,
        environment: players,
        optimizer: recipe,
        terms: [{ term: hardLabels, weight: 1 }],
      }),
    ];
  }
}
