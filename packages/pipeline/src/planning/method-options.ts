import { AncError } from '@anc/core';
import { listed } from '@anc/core/internal';
import { currentOptions } from '@anc/methods';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../text/named.js';
import type { Registry } from '../composition/registry.js';
import { optionNames } from '../composition/validate-options.js';
import { formatNamed } from '../text/named.js';
import { withoutFrozenDecay } from './frozen-decay.js';
import type { ObjectiveOptions, TeacherOptions, TrainingOptions } from '../options/run-options.js';

const named = (value: Named | undefined): unknown => (value === undefined ? undefined : formatNamed(value));

const defined = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** Options that a method's own options are made from. */
export interface MethodDefaults {
  readonly training: TrainingOptions;
  readonly objective: ObjectiveOptions;
  /** Names of the student's frozen parameters, which are not decayed; none where left out. */
  readonly frozen?: readonly string[];
}

type Registries = Composition['registries'];

/** How students are optimized, as an optimizer config of core. */
export function optimizerConfigOf(
  training: TrainingOptions,
  registries: Registries,
): Record<string, unknown> {
  const { optimizer, learningRate, momentum, weightDecay, decayMode, decayScope, clipNorm, ema } = training;
  return defined({
    optimizer: named(optimizer),
    learningRate,
    momentum,
    weightDecay,
    decayMode,
    decayScope,
    clipNorm,
    ema,
    schedule: scheduleOf(training, registries),
  });
}

/** The same for the teacher, with what differs there; its weights are not averaged. */
export const teacherOptimizerConfigOf = (
  training: TrainingOptions,
  { optimizer, learningRate }: TeacherOptions,
  registries: Registries,
): Record<string, unknown> => ({
  ...optimizerConfigOf({ ...training, ema: undefined }, registries),
  ...defined({ optimizer: named(optimizer), learningRate }),
  ema: undefined,
});

/** The run's schedule with its shared options, of which those are taken that the schedule's schema lists. */
export function scheduleOf(
  { schedule, warmup, milestones, milestoneUnit, decayFactor }: TrainingOptions,
  { schedules }: Pick<Registries, 'schedules'>,
): Record<string, unknown> {
  const { contribution } = schedules.get(schedule.name);
  const shared = listed(contribution, { milestones, unit: milestoneUnit, factor: decayFactor });
  return { kind: schedule.name, ...shared, ...(warmup > 0 ? { warmup } : {}), ...schedule.options };
}

/**
 * A part of the objective: the run's, or else the method's default, with the run's shared options that its schema
 * lists. Undefined where neither the part nor any of its options is set.
 */
function part<K extends 'dataTerms' | 'regularizers'>(
  given: Named | undefined,
  fallback: unknown,
  shared: Readonly<Record<string, unknown>>,
  registry: Registry<K>,
): unknown {
  const offered = defined(shared);
  const value = given ?? (isNamed(fallback) ? fallback : undefined);
  if (value === undefined) return undefined;
  const known = optionNames(registry.get(value.name).contribution.options) ?? [];
  const taken = Object.fromEntries(Object.entries(offered).filter(([key]) => known.includes(key)));
  if (given === undefined && Object.keys(taken).length === 0) return undefined;
  return formatNamed({ name: value.name, options: { ...taken, ...value.options } });
}

const isNamed = (value: unknown): value is Named =>
  typeof value === 'object' && value !== null && 'name' in value && 'options' in value;

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Schema defaults, or {} if some option is required. */
function defaultsOf(schema: StandardSchemaV1): Readonly<Record<string, unknown>> {
  const result = schema['~standard'].validate({});
  return result instanceof Promise || result.issues !== undefined
    ? {}
    : (result.value as Record<string, unknown>);
}

/** Whether a schema accepts an option: a preset without dropout must not disable the method that tests dropout. */
const takes = (schema: StandardSchemaV1, options: Readonly<Record<string, unknown>>): boolean => {
  const result = schema['~standard'].validate(options);
  return result instanceof Promise || result.issues === undefined;
};

/** Options that every entry of a list of discriminators sets itself, so that the run's are unused. */
const setByEach = (entries: unknown): readonly string[] =>
  Array.isArray(entries) && entries.length > 0
    ? ['discriminator', 'input', 'adapter'].filter((key) =>
        entries.every((entry) => isRecord(entry) && key in entry),
      )
    : [];

const withoutEffect = (key: string, method: string): AncError =>
  new AncError('ANC_OPTIONS', `option "${key}" of method "${method}" has no effect.`, {
    received: `"${key}" beside discriminators that each set their own`,
    hint: `leave it out, or leave "${key}" out of the entries that it is meant for.`,
  });

/**
 * A method's options: those of the run that its schema lists, replaced by the method's own options. An optimizer config
 * among these is merged with the run's, key by key. A method whose schema does not list its options gets only its own.
 * Throws `ANC_UNKNOWN`, and `ANC_OPTIONS` where an own option would have no effect.
 */
export function methodOptions(
  { name, options: given }: Named,
  { training, objective, frozen = [] }: MethodDefaults,
  { registries }: Pick<Composition, 'registries'>,
): Record<string, unknown> {
  const schema = registries.methods.get(name).contribution.options;
  const { options } = currentOptions(schema, given);
  const known = optionNames(schema) ?? [];
  const fallback = defaultsOf(schema);
  const differing = defined({
    optimizer: named(objective.discriminatorOptimizer),
    learningRate: objective.discriminatorLearningRate,
  });
  const { dataTerm, regularizer, reduction, temperature, mu } = objective;
  const optimizer = optimizerConfigOf(withoutFrozenDecay(training, frozen), registries);
  const discriminatorOptimizer = Object.keys(differing).length === 0 ? undefined : differing;
  const offers: Record<string, unknown> = {
    optimizer,
    discriminatorOptimizer,
    recipe: optimizer, // the former names, for plugins whose methods still have them
    discriminatorRecipe: discriminatorOptimizer,
    discriminator: named(objective.discriminator),
    input: objective.discriminatorInput,
    adapter: objective.adapter,
    spectralNorm: objective.spectralNorm,
    condition: objective.condition,
    dataTerm: part(dataTerm, fallback.dataTerm, { reduction, temperature }, registries.dataTerms),
    quantize: objective.quantize,
    lambda: objective.lambda,
    reduction,
    temperature,
    hardWeight: objective.hardWeight,
    hardWeightMode: objective.hardWeightMode,
    dataWarmup: objective.dataWarmup,
    adversarialLoss: named(objective.adversarialLoss),
    adversarialWeight: objective.adversarialWeight,
    adversarialWarmup: objective.adversarialWarmup,
    regularizer: part(regularizer, fallback.regularizer, { mu }, registries.regularizers),
    regularizerUpdate: objective.regularizerUpdate,
    balancer: named(objective.balancer),
    dropout: objective.dropout === 0 && !takes(schema, { dropout: 0 }) ? undefined : objective.dropout,
    dropoutPosition: objective.dropoutPosition,
    start: objective.start,
    discriminatorSteps: objective.discriminatorSteps,
  };
  const overridden = setByEach(options.discriminators);
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
