import { Method, type MethodEnvironment, type Stage } from '@anc/core';
import { z } from 'zod';
import { formerOptimizerName, optimizerOption, withDeprecatedNames } from '../options/index.js';
import { termStage } from '../stages/term-stage.js';
import { hardLabels } from '../terms/logits.js';

/** Options of the method `supervised`. */
export const supervisedSchema = withDeprecatedNames(
  z.strictObject({ optimizer: optimizerOption }),
  formerOptimizerName,
);

/**
 * Cross-entropy with labels, E[-log softmax(f_s)_y]: how teachers are trained, and the baseline of every student in
 * Tables 3 to 6 of Belagiannis 2018.
 *
 * The paper fixed the same network and schedule as the student's. Nothing is ours: no label smoothing, no weights.
 */
export class SupervisedMethod extends Method {
  readonly labels = 'required';
  readonly needsTeacher = false;

  constructor(
    /** As `supervisedSchema` returns them. */
    readonly options: z.infer<typeof supervisedSchema>,
    readonly name = 'supervised',
  ) {
    super();
  }

  stages(environment: MethodEnvironment): readonly Stage[] {
    const { optimizer } = this.options;
    return [
      termStage({ name: 'supervised', environment, optimizer, terms: [{ term: hardLabels, weight: 1 }] }),
    ];
  }
}
