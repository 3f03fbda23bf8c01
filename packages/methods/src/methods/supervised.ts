import { Method, recipeSchema, type Players, type Stage } from '@anc/core';
import { z } from 'zod';
import { hardLabels } from '../terms/logits.js';
import { termStage } from './training.js';

export const supervisedSchema = z.strictObject({ recipe: recipeSchema.prefault({}) });

/**
 * Cross-entropy with labels, E[-log softmax(f_s)_y]: how teachers are trained, and the baseline every student
 * is held against.
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

  stages(players: Players): readonly Stage[] {
    const terms = [{ term: hardLabels, weight: 1 }];
    return [termStage({ name: 'supervised', players, recipe: this.options.recipe, terms })];
  }
}
