import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../composition/registry.js';
import { optionNames } from '../composition/validate-options.js';
import { formatNamed } from '../config/named.js';
import type { Config } from '../config/resolve.js';

const defined = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** How students are optimised, as core's recipe says it. */
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

/** Options that several parts share, offered to a part where its schema knows them and it was not told otherwise. */
function part(named: Named, schema: StandardSchemaV1, shared: Readonly<Record<string, unknown>>): unknown {
  const known = optionNames(schema) ?? [];
  const offered = Object.fromEntries(Object.entries(shared).filter(([key]) => known.includes(key)));
  return formatNamed({ name: named.name, options: { ...offered, ...named.options } });
}

/**
 * A method's options: those of the run that its schema knows by name, under what was written beside the
 * method's own name. A method that does not show its schema gets only the latter. Throws `ANC_UNKNOWN`.
 */
export function methodOptions(
  { name, options }: Named,
  config: Config,
  { registries }: Pick<Composition, 'registries'>,
): Record<string, unknown> {
  const known = optionNames(registries.methods.get(name).contribution.options) ?? [];
  const differing = defined({
    optimizer: config.discriminatorOptimizer,
    learningRate: config.discriminatorLearningRate,
  });
  const { dataTerm, regularizer, reduction, temperature, mu } = config;
  const offers: Record<string, unknown> = {
    recipe: recipeOf(config),
    discriminatorRecipe: Object.keys(differing).length === 0 ? undefined : differing,
    discriminator: formatNamed(config.discriminator),
    input: config.discriminatorInput,
    dataTerm: part(dataTerm, registries.dataTerms.get(dataTerm.name).contribution.options, {
      reduction,
      temperature,
    }),
    lambda: config.lambda,
    reduction,
    temperature,
    hardWeight: config.hardWeight,
    adversarialLoss: formatNamed(config.adversarialLoss),
    adversarialWeight: config.adversarialWeight,
    regularizer: part(regularizer, registries.regularizers.get(regularizer.name).contribution.options, {
      mu,
    }),
    regularizerUpdate: config.regularizerUpdate,
    balancer: formatNamed(config.balancer),
    dropout: config.dropout,
    dropoutPosition: config.dropoutPosition,
    start: config.start,
    discriminatorSteps: config.discriminatorSteps,
  };
  const taken = Object.fromEntries(Object.entries(offers).filter(([key]) => known.includes(key)));
  return defined({ ...taken, ...options });
}
