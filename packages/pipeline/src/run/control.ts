import { dkdSchema, klSchema, l2Schema } from '@anc/methods';
import type { z } from 'zod';

/** What is read of a student's method: options as its schema completed them. */
export interface InterpretedMethod {
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly usesLabels: boolean;
}

/** The data term that a method has beside an adversarial term, by its options. */
export function dataTermOf({
  options,
}: Pick<InterpretedMethod, 'options'>): { name: string; options: unknown } | null {
  const { dataTerm } = options as { dataTerm?: { name?: unknown; options?: unknown } };
  return typeof dataTerm?.name === 'string' ? { name: dataTerm.name, options: dataTerm.options ?? {} } : null;
}

/** The method that minimizes a data term and nothing else, and the term's options, which are also its own. */
const ALONE: Readonly<Record<string, { readonly method: string; readonly options: z.ZodType }>> = {
  l2: { method: 'l2', options: l2Schema },
  kl: { method: 'kd', options: klSchema },
  dkd: { method: 'dkd', options: dkdSchema },
};

/** For data terms without a method of their own: the whole game around a discriminator that says nothing. */
const SILENT = 'adversarial-dead';

/** The name of the control of a student's data term. */
export const controlName = (dataTerm: string): string => ALONE[dataTerm]?.method ?? SILENT;

/**
 * Whether `other` is the control of `student`: its data term alone, with the same options and weight, trained
 * by the same optimizer, without labels.
 */
export function isControlOf(other: InterpretedMethod, student: InterpretedMethod): boolean {
  const term = dataTermOf(student);
  if (term === null || other.usesLabels || student.usesLabels || other.method !== controlName(term.name)) {
    return false;
  }
  const shared = ['optimizer', 'recipe', 'lambda', 'dataWarmup', 'quantize'];
  const wanted = { ...pick(student.options, shared), ...termOptions(term) };
  const found = { ...other.options, ...(other.method === SILENT ? termOptions(dataTermOf(other)!) : {}) };
  return Object.entries(wanted).every(([key, value]) => JSON.stringify(found[key]) === JSON.stringify(value));
}

const pick = (options: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(keys.filter((key) => key in options).map((key) => [key, options[key]]));

/** The term's options with its defaults, those of unknown terms as one entry. */
function termOptions({ name, options }: { name: string; options: unknown }): Record<string, unknown> {
  const completed = ALONE[name]?.options.safeParse(options);
  return completed?.success === true
    ? (completed.data as Record<string, unknown>)
    : { dataTerm: { name, options } };
}
