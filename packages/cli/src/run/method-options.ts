import { AncError } from '@anc/core';
import { currentOptions } from '@anc/methods';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Composition } from '../composition/compose.js';
import type { Named, Registry } from '../composition/registry.js';
import { optionNames } from '../composition/validate-options.js';
import { formatNamed } from '../config/named.js';
import type { Config } from '../config/resolve.js';

const named = (value: Named | undefined): unknown => (value === undefined ? undefined : formatNamed(value));

const defined = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** The students' optimizer, as a core optimizer config. */
export function recipeOf(config: Config): Record<string, unknown> {
  const { optimizer, learningRate, momentum, weightDecay, decayMode, decayScope } = config;
  return {
    optimizer,
    learningRate,
    momentum,
    weightDecay,
    decayMode,
    decayScope,
    schedule: scheduleOf(config),
  };
}

/** The same for the teacher, where it differs. */
export const teacherRecipeOf = (config: Config): Record<string, unknown> => ({
  ...recipeOf(config),
  ...defined({ optimizer: config.teacherOptimizer, learningRate: config.teacherLearningRate }),
});

function scheduleOf({
  schedule,
  warmup,
  milestones,
  milestoneUnit,
  decayFactor,
}: Config): Record<string, unknown> {
  const warm = warmup > 0 ? { warmup } : {};
  return schedule === 'step'
    ? { kind: schedule, milestones, unit: milestoneUnit, factor: decayFactor, ...warm }
    : { kind: schedule, ...warm };
}

/**
 * A part of the objective: the one that the run or else the method names, with the run's shared options that
 * its schema knows under its own. Undefined where nothing was said of it.
 */
function part<K extends 'dataTerms' | 'regularizers'>(
  said: Named | undefined,
  fallback: unknown,
  shared: Readonly<Record<string, unknown>>,
  registry: Registry<K>,
): unknown {
  const offered = defined(shared);
  const value = said ?? (isNamed(fallback) ? fallback : undefined);
  if (value === undefined) return undefined;
  const known = optionNames(registry.get(value.name).contribution.options) ?? [];
  const taken = Object.fromEntries(Object.entries(offered).filter(([key]) => known.includes(key)));
  if (said === undefined && Object.keys(taken).length === 0) return undefined;
  return formatNamed({ name: value.name, options: { ...taken, ...value.options } });
}

const isNamed = (value: unknown): value is Named =>
  typeof value === 'object' && value !== null && 'name' in value && 'options' in value;

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a schema makes of no options; empty where it insists on some. */
function defaultsOf(schema: StandardSchemaV1): Readonly<Record<string, unknown>> {
  const result = schema['~standard'].validate({});
  return result instanceof Promise || result.issues !== undefined
    ? {}
    : (result.value as Record<string, unknown>);
}

/** Whether a schema takes an option as it is: a recipe without dropout does not silence the control of dropout. */
const takes = (schema: StandardSchemaV1, options: Readonly<Record<string, unknown>>): boolean => {
  const result = schema['~standard'].validate(options);
  return result instanceof Promise || result.issues === undefined;
};

/** What every one of several discriminators says for itself, so that nobody asks the run. */
const sayEach = (entries: unknown): readonly string[] =>
  Array.isArray(entries) && entries.length > 0
    ? ['discriminator', 'input', 'adapter'].filter((key) =>
        entries.every((entry) => isRecord(entry) && key in entry),
      )
    : [];

const withoutEffect = (key: string, method: string): AncError =>
  new AncError('ANC_OPTIONS', `option "${key}" of method "${method}" has no effect.`, {
    received: `"${key}" beside discriminators that each say their own`,
    hint: `leave it out, or leave "${key}" out of the entries that it is meant for.`,
  });

/**
 * A method's options: those of the run that its schema knows by name, under what was written beside the
 * method's own name; an optimizer there changes what it says and keeps the rest of the run's. A method that does not
 * show its schema gets only what was written. Throws `ANC_UNKNOWN`, and `ANC_OPTIONS` where nobody asks what was.
 */
export function methodOptions(
  { name, options: given }: Named,
  config: Config,
  { registries }: Pick<Composition, 'registries'>,
): Record<string, unknown> {
  const schema = registries.methods.get(name).contribution.options;
  const { options } = currentOptions(schema, given);
  const known = optionNames(schema) ?? [];
  const fallback = defaultsOf(schema);
  const differing = defined({
    optimizer: config.discriminatorOptimizer,
    learningRate: config.discriminatorLearningRate,
  });
  const { dataTerm, regularizer, reduction, temperature, mu } = config;
  const optimizer = recipeOf(config);
  const discriminatorOptimizer = Object.keys(differing).length === 0 ? undefined : differing;
  const offers: Record<string, unknown> = {
    optimizer,
    discriminatorOptimizer,
    recipe: optimizer, // the former names, for plugins whose methods still have them
    discriminatorRecipe: discriminatorOptimizer,
    discriminator: named(config.discriminator),
    input: config.discriminatorInput,
    adapter: config.adapter,
    spectralNorm: config.spectralNorm,
    condition: config.condition,
    dataTerm: part(dataTerm, fallback.dataTerm, { reduction, temperature }, registries.dataTerms),
    quantize: config.quantize,
    lambda: config.lambda,
    reduction,
    temperature,
    hardWeight: config.hardWeight,
    adversarialLoss: named(config.adversarialLoss),
    adversarialWeight: config.adversarialWeight,
    regularizer: part(regularizer, fallback.regularizer, { mu }, registries.regularizers),
    regularizerUpdate: config.regularizerUpdate,
    balancer: named(config.balancer),
    dropout: config.dropout === 0 && !takes(schema, { dropout: 0 }) ? undefined : config.dropout,
    dropoutPosition: config.dropoutPosition,
    start: config.start,
    discriminatorSteps: config.discriminatorSteps,
  };
  const overridden = sayEach(options.discriminators);
  const idle = overridden.find((key) => key in options);
  if (idle !== undefined) throw withoutEffect(idle, name);
  const taken = Object.fromEntries(
    Object.entries(offers).filter(([key]) => known.includes(key) && !overridden.includes(key)),
  );
  const merged = ['optimizer', 'recipe'].flatMap((key) => {
    const [ofRun, own] = [taken[key], options[key]];
    return isRecord(ofRun) && isRecord(own) ? [[key, { ...ofRun, ...own }]] : [];
  });
  return defined({ ...taken, ...options, ...(Object.fromEntries(merged) as object) });
}
