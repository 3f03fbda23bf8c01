import { z } from 'zod';

/** A replaceable part of the objective by name, with its own options. */
export interface NamedPart {
  /** Name under which it is registered. */
  readonly name: string;
  /** Its own options. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** `name`, `{ name, option: value }` or `{ name, options: { option: value } }`. */
const partForms = z.union([z.string(), z.looseObject({ name: z.string() })]);

/** An option that names a part, with a default. */
export const part = (fallback: z.input<typeof partForms>) =>
  partForms.default(fallback).transform(toNamedPart);

/** An option that lists parts, without a default. */
export const optionalPartList = z.array(partForms.transform(toNamedPart)).optional();

/** An option that names a part, without a default. */
export const optionalPart = partForms.transform(toNamedPart).optional();

function toNamedPart(value: z.infer<typeof partForms>): NamedPart {
  if (typeof value === 'string') return { name: value, options: {} };
  const { name, ...options } = value;
  const { options: inner, ...beside } = options;
  const nested = typeof inner === 'object' && inner !== null && Object.keys(beside).length === 0;
  return { name, options: nested ? (inner as NamedPart['options']) : options };
}
