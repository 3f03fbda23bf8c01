import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Contribution, Contributions } from './plugin.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any kind's result and environment
type AnyContribution = Contribution<any, any>;

/** The contribution of a kind: `ContributionOf<'discriminators'>`. */
export type ContributionOf<K extends keyof Contributions> = NonNullable<Contributions[K]>[string];

/** Everything that a contribution says besides its schema and its factory: `summary`, a model's `input`, … */
export type ContributionDetails<C extends AnyContribution> = Omit<C, 'options' | 'create'>;

/**
 * A contribution whose factory gets the options as its schema returns them. In the place where it is registered, the kind
 * is known: what `create` gets beside the options, what it must return, and which details there are.
 *
 * ```ts
 * discriminators: { patch: contribution(schema, (options) => new Patch(options), { summary: 'patches' }) }
 * ```
 *
 * @param options any Standard Schema (zod, valibot, arktype, …)
 * @param create makes one from the schema's output
 */
export function contribution<const S extends StandardSchemaV1, T, Environment = void>(
  options: S,
  create: (options: StandardSchemaV1.InferOutput<S>, environment: Environment) => T,
  details?: Pick<Contribution<T>, 'summary'>,
): Contribution<T, Environment>;
/** With the details that a kind has besides: the usual images of a model, the files of a dataset. */
export function contribution<const S extends StandardSchemaV1, C extends AnyContribution>(
  options: S,
  create: (
    options: StandardSchemaV1.InferOutput<S>,
    environment: Parameters<C['create']>[1],
  ) => ReturnType<C['create']>,
  details: ContributionDetails<C>,
): C;
export function contribution(
  options: StandardSchemaV1,
  create: (options: unknown, environment: unknown) => unknown,
  details: object = {},
): AnyContribution {
  return { ...details, options, create };
}
