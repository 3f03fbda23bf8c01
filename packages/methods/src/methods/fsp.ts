import { Method, type MethodEnvironment, type Stage } from '@anc/core';
import { z } from 'zod';
import { imagePairs, tapSchema } from '../features/tap-pairs.js';
import { formerOptimizerName, optimizerOption, withDeprecatedNames } from '../options/index.js';
import { termStage } from '../stages/term-stage.js';
import { flowTerm } from '../terms/flow.js';
import { hardLabels } from '../terms/logits.js';

/** Options of the method `fsp`. */
export const fspSchema = withDeprecatedNames(
  z.strictObject({
    optimizer: optimizerOption,
    taps: z
      .array(tapSchema)
      .min(2)
      .optional()
      .describe('image taps in order of execution; default: all that student and teacher share by name'),
    adapter: z
      .enum(['none', 'linear'])
      .default('none')
      .describe("linear: learned 1×1 projections where the student's channels differ from the teacher's"),
    flowShare: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe('share of the epochs for the flow stage; the supervised stage has the rest'),
  }),
  formerOptimizerName,
);

/**
 * Yim 2017 ("A gift from knowledge distillation"), the flow of the solution procedure, in two stages.
 * 1. min Σ_i λ_i ‖G_i^T - G_i^S‖², G the flow matrix between two layers (see `flowMatrix`), λ_i = 1.
 * 2. Cross-entropy with labels, from the weights of stage 1.
 *
 * The paper fixed equal channels on both sides, flows from the first to the last layer of each residual stage,
 * and as many iterations for both stages. Ours: flows between consecutive taps, optional projections where channels
 * differ, and one budget of epochs for both stages.
 */
export class FspMethod extends Method {
  readonly name = 'fsp';
  readonly labels = 'required';
  readonly needsTeacher = true;

  /** @param options as `fspSchema` returns them. */
  constructor(readonly options: z.infer<typeof fspSchema>) {
    super();
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    const { optimizer, taps, adapter, flowShare } = this.options;
    const flow = flowTerm(imagePairs(taps, environment, 2), adapter);
    return [
      termStage({
        name: 'flow',
        share: flowShare,
        environment,
        optimizer: { ...optimizer, weightDecay: 0 }, // the layers after the last tap have no gradient here
        terms: [{ term: flow, weight: 1 }],
      }),
      termStage({
        name: 'supervised',
        share: 1 - flowShare,
        environment,
        optimizer,
        terms: [{ term: hardLabels, weight: 1 }],
      }),
    ];
  }
}
