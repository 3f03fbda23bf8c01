import { AncError, type Contribution, type Parts } from '@anc/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import methods from '../src/index.js';

const plugin = methods();

/** Makes a contribution from raw options, as the composition root does. */
export function make<T, E>(
  registry: Readonly<Record<string, Contribution<T, E>>> | undefined,
  name: string,
  options: unknown,
  environment: E,
): T {
  const contribution = registry?.[name];
  if (contribution === undefined) throw new AncError('ANC_UNKNOWN', `no "${name}"`);
  const result = contribution.options['~standard'].validate(
    options ?? {},
  ) as StandardSchemaV1.Result<unknown>;
  if (result.issues !== undefined) throw new Error(result.issues.map(({ message }) => message).join('; '));
  return contribution.create(result.value, environment);
}

export const parts: Parts = {
  discriminator: (name, options) => make(plugin.discriminators, name, options, undefined),
  regularizer: (name, options) => make(plugin.regularizers, name, options, undefined),
  dataTerm: (name, options) => make(plugin.dataTerms, name, options, undefined),
  adversarialLoss: (name, options) => make(plugin.adversarialLosses, name, options, undefined),
  balancer: (name, options) => make(plugin.balancers, name, options, undefined),
  generator: (name, options, environment) => make(plugin.generators, name, options, environment),
  discrepancy: (name, options) => make(plugin.discrepancies, name, options, undefined),
  generatorTerm: (name, options) => make(plugin.generatorTerms, name, options, undefined),
  memory: (name, options) => make(plugin.memories, name, options, undefined),
};

export const method = (name: string, options: unknown = {}) => make(plugin.methods, name, options, parts);
