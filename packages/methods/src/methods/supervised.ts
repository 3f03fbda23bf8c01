import { Method, recipeSchema, supervisedStep, type Players, type Stage } from '@anc/core';
import { z } from 'zod';
import { soloStage } from './training.js';

export const supervisedSchema = z.strictObject({ recipe: recipeSchema.prefault({}) });

/** Cross-entropy with labels: how teachers are trained, and the baseline every student is held against. */
export class SupervisedMethod extends Method {
  readonly name = 'supervised';
  readonly labels = 'required';
  readonly needsTeacher = false;

  constructor(readonly options: z.infer<typeof supervisedSchema>) {
    super();
  }

  stages({ student, input }: Players): readonly Stage[] {
    const { optimizer, init, hyper, student: ships } = soloStage(student, input, this.options.recipe);
    return [
      {
        name: 'supervised',
        teacherOutputs: [],
        usesLabels: true,
        step: supervisedStep({ student, optimizer }),
        init,
        next: (clock) => ({ hyper: hyper(clock), phases: ['student'] }),
        student: ships,
      },
    ];
  }
}
