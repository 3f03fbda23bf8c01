import { squaredDistance, temperatureKl, type Contributions, type DataTerm } from '@anc/core';
import { z } from 'zod';

export const l2Schema = z.strictObject({
  reduction: z.enum(['sum', 'mean']).default('sum').describe('over the classes; the batch is averaged'),
});

export const klSchema = z.strictObject({
  temperature: z.number().positive().default(4).describe('softens both distributions'),
});

/** Eq. 3, Ba & Caruana 2014: squared distance of the logits. */
export const l2Term = ({ reduction }: z.infer<typeof l2Schema>): DataTerm => ({
  name: `l2(${reduction})`,
  loss: (student, teacher) => squaredDistance(student, teacher, reduction),
});

/** Hinton 2015 without its hard loss, so without labels: T² KL(teacher || student) at temperature T. */
export const klTerm = ({ temperature }: z.infer<typeof klSchema>): DataTerm => ({
  name: `kl(${temperature})`,
  loss: (student, teacher) => temperatureKl(student, teacher, temperature),
});

export const dataTerms: NonNullable<Contributions['dataTerms']> = {
  l2: { summary: 'Eq. 3: squared distance of the logits', options: l2Schema, create: l2Term },
  kl: { summary: 'label-free distillation with a temperature', options: klSchema, create: klTerm },
};
