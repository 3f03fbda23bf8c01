import { z } from 'zod';
import { DURATION_FORM, readDuration } from '../text/duration.js';
import { QUANTITY_FORM, readQuantity } from '../text/quantity.js';
import { NAMED_FORM, readNamed } from '../text/named.js';

/** How an option is written on the command line. */
export type FlagKind = 'boolean' | 'number' | 'text' | 'numbers' | 'named' | 'namedList' | 'texts';

/** What flags, help texts, configuration files and run records are made from. */
export interface OptionMeta {
  /** The option's name in configuration files and run records, e.g. `limitTrain`; the flag is `--limit-train`. */
  readonly key: string;
  /** The heading under which help lists it. */
  readonly title: (typeof TITLES)[number];
  readonly help: string;
  readonly kind: FlagKind;
  /** What stands for the value in help, e.g. `n` in `--epochs <n>`. */
  readonly value: string;
}

/** The headings of help, in order. */
export const TITLES = [
  'Data',
  'Models and methods',
  'Training',
  "The teacher's training",
  "Objective, for methods that have it; default: each method's own",
  'Compute',
  'Output',
] as const;

/** The metadata of every declared option, by its schema. */
export const optionMeta = z.registry<OptionMeta>();

/** Declares options under one heading: key, schema and help in one line each. All of them are optional. */
export function declare(title: (typeof TITLES)[number]) {
  const one = <S extends z.ZodType>(
    key: string,
    schema: S,
    kind: FlagKind,
    value: string,
    help: string,
  ): z.ZodOptional<S> => {
    const optional = schema.optional();
    optionMeta.add(optional, { key, title, help, kind, value });
    return optional;
  };
  return {
    integer: (key: string, min: number, help: string) => one(key, z.int().min(min), 'number', 'n', help),
    number: (key: string, schema: z.ZodNumber, help: string, value = 'x') =>
      one(key, schema, 'number', value, help),
    /** A whole number, or null for no limit. */
    limit: (key: string, help: string, max = Number.MAX_SAFE_INTEGER) =>
      one(key, z.int().min(1).max(max).nullable(), 'number', 'n', help),
    /** A number above zero that may have a unit: `100k`, `2.5M`, `64ki`. */
    quantity: (key: string, help: string) => one(key, quantitySchema, 'text', 'n', help),
    /** Seconds, or a text such as `30m`. */
    duration: (key: string, help: string) => one(key, durationSchema, 'text', 'duration', help),
    boolean: (key: string, help: string) => one(key, z.boolean(), 'boolean', '', help),
    text: (key: string, value: string, help: string) => one(key, z.string().min(1), 'text', value, help),
    path: (key: string, help: string) => one(key, z.string().min(1).nullable(), 'text', 'folder', help),
    choice: <const C extends readonly [string, ...string[]]>(key: string, choices: C, help: string) =>
      one(key, z.enum(choices), 'text', choices.join('|'), help),
    numbers: (key: string, help: string) =>
      one(key, z.array(z.number().nonnegative()), 'numbers', 'list', help),
    named: (key: string, help: string) => one(key, namedSchema, 'named', 'name', help),
    namedList: (key: string, help: string) =>
      one(key, z.array(namedSchema).min(1), 'namedList', 'names', help),
    augmentations: (key: string, help: string) => one(key, augmentationsSchema, 'namedList', 'list', help),
    texts: (key: string, value: string, help: string) =>
      one(key, z.array(z.string().min(1)), 'texts', value, help),
  };
}

/** A number, or a text that `read` makes one of. */
const numberBy = (read: (value: number | string) => number | null, form: string) =>
  z.union([z.number(), z.string()], { error: `expected ${form}` }).transform((value, context) => {
    const number = read(value);
    if (number !== null) return number;
    context.addIssue({ code: 'custom', message: `expected ${form}` });
    return z.NEVER;
  });

const quantitySchema = numberBy(readQuantity, QUANTITY_FORM);
const durationSchema = numberBy(readDuration, DURATION_FORM);

/** A name, or a name with options: `nin`, `mlp(units=[64,64])`, `{ name: mlp, units: [64, 64] }`, or those under `options`. */
const namedBy = (read: (text: string) => ReturnType<typeof readNamed>) =>
  z
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
      const named = read(value);
      if (!('problem' in named)) return named;
      context.addIssue({
        code: 'custom',
        message: `expected ${NAMED_FORM}`,
        params: { hint: named.problem },
      });
      return z.NEVER;
    });

export const namedSchema = namedBy((text) => readNamed(text));

/** Names whose first option may be given without its name: `crop(4)`. `none` alone is an empty list. */
const augmentationsSchema = z
  .array(namedBy((text) => readNamed(text, { unnamedFirst: true })))
  .transform((list) => (list.length === 1 && list[0]!.name === 'none' ? [] : list));
