import { z } from 'zod';

/** A replaceable part: a name, or a name with options of its own, beside it or under `options`. */
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
  const { options: inner, ...beside } = options;
  const apart = typeof inner === 'object' && inner !== null && Object.keys(beside).length === 0;
  return { name, options: apart ? (inner as NamedPart['options']) : options };
}
