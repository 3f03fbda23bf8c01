import type { Contribution } from '@anc/core';
import { z } from 'zod';

/** Deprecated names, each with the current one. */
export type DeprecatedNames = Readonly<Record<string, string>>;

type Options = Readonly<Record<string, unknown>>;

/** An options schema that also takes the deprecated names of some options. */
export interface OptionsSchema<S extends z.ZodObject> extends z.ZodType<z.output<S>, z.input<S>> {
  /** The options by their current names: what help texts and JSON Schema list. */
  readonly shape: S['shape'];
  /** The same schema without deprecated names; extend or narrow this one. */
  readonly current: S;
  /** The deprecated names, each with the current one. */
  readonly deprecated: DeprecatedNames;
}

/**
 * Lets a strict object schema take options under deprecated names as well. Parsing returns current names only;
 * giving an option under both names is an issue at the deprecated one.
 */
export function withDeprecatedNames<S extends z.ZodObject>(
  current: S,
  deprecated: Readonly<Record<string, keyof S['shape'] & string>>,
): OptionsSchema<S> {
  const schema = z.preprocess((value, context) => {
    if (!isRecord(value)) return value;
    const { options } = renamed(value, deprecated);
    const twice = Object.keys(deprecated).find((name) => options[name] !== undefined);
    if (twice === undefined) return options;
    const message = `"${twice}" is the deprecated name of "${deprecated[twice]!}"; expected only one of them`;
    context.addIssue({ code: 'custom', path: [twice], message, input: value });
    return z.NEVER;
  }, current);
  return Object.assign(schema, { shape: current.shape, current, deprecated }) as unknown as OptionsSchema<S>;
}

/** The deprecated option names that a schema takes; empty for schemas that declare none. */
export function deprecatedOptions(schema: unknown): DeprecatedNames {
  const { deprecated } = (schema ?? {}) as { deprecated?: unknown };
  return isRecord(deprecated) ? (deprecated as DeprecatedNames) : {};
}

/**
 * Renames deprecated options, so that they can be merged with others.
 * @returns the options under current names, and the deprecated names that were used, each with the current one. An
 *   option that is given under both names is left alone: the schema reports it.
 */
export const currentOptions = (
  schema: unknown,
  options: Options,
): { readonly options: Record<string, unknown>; readonly used: DeprecatedNames } =>
  renamed(options, deprecatedOptions(schema));

/** A contribution under a deprecated name, with `deprecated` giving the current name. */
export const deprecatedContribution = <T, E>(contribution: Contribution<T, E>, current: string) => ({
  ...contribution,
  summary: `deprecated name of ${current}`,
  deprecated: current,
});

function renamed(
  options: Options,
  deprecated: DeprecatedNames,
): { options: Record<string, unknown>; used: DeprecatedNames } {
  const current = (name: string): string | undefined =>
    Object.hasOwn(deprecated, name) ? deprecated[name] : undefined;
  const given = Object.entries(options).filter(
    ([name, value]) => value !== undefined || current(name) === undefined,
  );
  const used = given.flatMap(([name]) => {
    const other = current(name);
    return other !== undefined && options[other] === undefined ? [[name, other] as const] : [];
  });
  const names = new Map<string, string>(used);
  const replaced = new Set(names.values()); // present, but undefined
  const kept = given.filter(([name]) => !replaced.has(name));
  return {
    options: Object.fromEntries(kept.map(([name, value]) => [names.get(name) ?? name, value])),
    used: Object.fromEntries(used),
  };
}

const isRecord = (value: unknown): value is Options =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
