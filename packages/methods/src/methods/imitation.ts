import { imitationStep, Method, recipeSchema, type DataTerm, type Players, type Stage } from '@anc/core';
import { z } from 'zod';
import { klSchema, klTerm, l2Schema, l2Term } from '../data-terms/index.js';
import { soloStage } from './training.js';

const commonSchema = z.strictObject({
  recipe: recipeSchema.prefault({}),
  lambda: z.number().nonnegative().default(1).describe('weight λ of the data term'),
});

export const l2MethodSchema = commonSchema.extend(l2Schema.shape);

export const kdSchema = commonSchema.extend({
  ...klSchema.shape,
  hardWeight: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('weight of the cross-entropy with labels; 0 reads no labels'),
});

interface ImitationOptions {
  readonly name: string;
  readonly dataTerm: DataTerm;
  readonly hardWeight: number;
  readonly common: z.infer<typeof commonSchema>;
}

/** The student follows the teacher's logits; no second player. */
export class ImitationMethod extends Method {
  readonly name: string;
  readonly labels: 'never' | 'required';
  readonly needsTeacher = true;

  constructor(readonly options: ImitationOptions) {
    super();
    this.name = options.name;
    this.labels = options.hardWeight > 0 ? 'required' : 'never';
  }

  stages({ student, input }: Players): readonly Stage[] {
    const { dataTerm, hardWeight, common } = this.options;
    const { optimizer, init, hyper, student: ships } = soloStage(student, input, common.recipe);
    return [
      {
        name: this.name,
        teacherOutputs: ['logits'],
        usesLabels: hardWeight > 0,
        step: imitationStep({ student, optimizer, dataTerm, hardWeight }),
        init,
        next: (clock) => ({ hyper: { ...hyper(clock), lambda: common.lambda }, phases: ['student'] }),
        student: ships,
      },
    ];
  }
}

/** Ba & Caruana 2014: L2 on the logits, Eq. 3 alone. */
export const l2Method = ({ reduction, ...common }: z.infer<typeof l2MethodSchema>): ImitationMethod =>
  new ImitationMethod({ name: 'l2', dataTerm: l2Term({ reduction }), hardWeight: 0, common });

/**
 * Hinton 2015: (1 - α)·T²·KL at temperature T + α·cross-entropy with labels. The paper of the method uses
 * labels; here α is 0 unless asked for.
 */
export const kdMethod = ({ temperature, hardWeight, ...common }: z.infer<typeof kdSchema>): ImitationMethod =>
  new ImitationMethod({ name: 'kd', dataTerm: klTerm({ temperature }), hardWeight, common });
