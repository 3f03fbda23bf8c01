import { z } from 'zod';
import { NAMED_FORM, readNamed } from './named.js';

/** How an option is written as a flag. */
export type FlagKind = 'boolean' | 'number' | 'text' | 'numbers' | 'named' | 'namedList' | 'texts';

export interface OptionMeta {
  readonly group: string;
  readonly help: string;
  readonly kind: FlagKind;
  /** What stands for the value in help, e.g. `n` in `--epochs <n>`. */
  readonly value: string;
  /** Part of a run's configuration; what is not (where to print, what to resume) is not recorded. */
  readonly recorded: boolean;
}

/** What flags and help are made from: every option of the schema is in it. */
export const optionMeta = z.registry<OptionMeta>();

/** Declares the options of one group: schema, flag and help in one line each. */
export function group(title: string, recorded = true) {
  const declare = <S extends z.ZodType>(schema: S, kind: FlagKind, value: string, help: string) => {
    const optional = schema.optional();
    optionMeta.add(optional, { group: title, help, kind, value, recorded });
    return optional;
  };
  return {
    integer: (min: number, help: string) => declare(z.int().min(min), 'number', 'n', help),
    number: (schema: z.ZodNumber, help: string, value = 'x') => declare(schema, 'number', value, help),
    /** A whole number, or null for no limit. */
    limit: (help: string) => declare(z.int().min(1).nullable(), 'number', 'n', help),
    boolean: (help: string) => declare(z.boolean(), 'boolean', '', help),
    text: (value: string, help: string) => declare(z.string().min(1), 'text', value, help),
    path: (help: string) => declare(z.string().min(1).nullable(), 'text', 'folder', help),
    choice: <const C extends readonly [string, ...string[]]>(choices: C, help: string) =>
      declare(z.enum(choices), 'text', choices.join('|'), help),
    numbers: (help: string) => declare(z.array(z.number().nonnegative()), 'numbers', 'list', help),
    named: (help: string) => declare(namedSchema, 'named', 'name', help),
    namedList: (help: string) => declare(z.array(namedSchema).min(1), 'namedList', 'names', help),
    texts: (value: string, help: string) => declare(z.array(z.string().min(1)), 'texts', value, help),
  };
}

/** A name, or a name with options: `nin`, `mlp(units=[64,64])`, `{ name: mlp, units: [64, 64] }`, or those under `options`. */
export const namedSchema = z
  .union([z.string().min(1), z.looseObject({ name: z.string().min(1) })], {
    error: 'expected a name, or an object with a name and its options',
  })
  .transform((value, context) => {
    if (typeof value !== 'string') {
      const { name, ...options } = value;
      const { options: apart, ...beside } = options;
      const isApart = typeof apart === 'object' && apart !== null && Object.keys(beside).length === 0;
      return { name, options: isApart ? (apart as Record<string, unknown>) : options };
    }
    const read = readNamed(value);
    if (!('problem' in read)) return read;
    context.addIssue({ code: 'custom', message: `expected ${NAMED_FORM}`, params: { hint: read.problem } });
    return z.NEVER;
  });
