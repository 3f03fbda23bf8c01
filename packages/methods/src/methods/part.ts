import { z } from 'zod';

/** A replaceable part: a name, or a name with options of its own. */
export const part = (fallback: string) => partWithout.default(fallback).transform(named);

const partWithout = z.union([z.string(), z.looseObject({ name: z.string() })]);

/** The same where nothing may be said. */
export const optionalPart = partWithout.transform(named).optional();

/** A part of the objective by name, with the options it was given. */
export interface NamedPart {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

function named(value: z.infer<typeof partWithout>): NamedPart {
  if (typeof value === 'string') return { name: value, options: {} };
  const { name, ...options } = value;
  return { name, options };
}
