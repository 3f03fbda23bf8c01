import { Method, optimizerConfigSchema, type MethodEnvironment, type Stage } from '@anc/core';
import { z } from 'zod';
import { hardLabels } from '../terms/logits.js';
import { termStage } from './training.js';

export const supervisedSchema = z.strictObject({ recipe: optimizerConfigSchema.prefault({}) });

/**
 * Cross-entropy with labels, E[-log softmax(f_s)_y]: how teachers are trained, and the baseline that every student is
 * held against in Tables 3 to 6 of Belagiannis 2018.
 *
 * The paper fixed the same network and schedule as the student's. Nothing is ours: no label smoothing, no weights.
 */
export class SupervisedMethod extends Method {
  readonly labels = 'required';
  readonly needsTeacher = false;

  constructor(
    readonly options: z.infer<typeof supervisedSchema>,
    readonly name = 'supervised',
  ) {
    super();
  }

  stages(players: MethodEnvironment): readonly Stage[] {
    const terms = [{ term: hardLabels, weight: 1 }];
    return [termStage({ name: 'supervised', environment: players, optimizer: this.options.recipe, terms })];
  }
}
