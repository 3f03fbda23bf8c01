import type { Composition } from '../composition/compose.js';
import { optionNames } from '../composition/validate-options.js';
import { hasAugmentations } from '../data/augmentations.js';
import { NO_IMAGES } from '../options/generated-presets.js';
import { describePath } from '../options/option-error.js';
import type { OptionPath, RunOptions } from '../options/run-options.js';
import { parseNamed, type Named } from '../text/named.js';
import { teacherBackend } from './teacher-backend.js';
import { methodOptions } from './method-options.js';

/** An option that was set and has no effect. */
export interface UnusedOption {
  readonly path: OptionPath;
  /** A clause such as `the schedule is cosine, not step`. */
  readonly reason: string;
}

/** The event that says so, with the option's path for callers that name options in their own way. */
export function unusedNotice({ path, reason }: UnusedOption) {
  const problem = `has no effect: ${reason}.`;
  return { type: 'notice' as const, message: `${describePath(path)} ${problem}`, path, problem };
}

type Registries = Pick<Composition, 'registries'>;

/** The options of a run that were set and that nothing uses. */
export function unusedOptions(
  options: RunOptions,
  given: readonly OptionPath[],
  composition: Registries,
): UnusedOption[] {
  return given.flatMap((path) => {
    const reason = isSet(options, path) ? whyUnused(path, options, composition) : null;
    return reason === null ? [] : [{ path, reason }];
  });
}

const valueAt = (options: RunOptions, path: OptionPath): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], options);

const isSet = (options: RunOptions, path: OptionPath): boolean => {
  const value = valueAt(options, path);
  return value !== undefined && value !== null;
};

/** Why nothing uses an option, or null where something does. */
function whyUnused(path: OptionPath, options: RunOptions, composition: Registries): string | null {
  const [group, name] = path.map(String) as [string, string | undefined];
  if (group === 'objective') return whyObjectiveUnused(name!, options, composition);
  const { data, training } = options;
  if (data.dataset.name === NO_IMAGES && concernsImages(path, options)) return 'there are no images';
  switch (path.join('.')) {
    case 'training.epochs':
      return training.time === undefined ? null : 'students are trained for a time';
    case 'data.directory':
      return whyDirectoryUnused(data.dataset, composition);
    case 'data.transferFit':
      return data.transferDataset === undefined ? 'there is no --transfer-dataset' : null;
    case 'data.views':
      return whyViewsUnused(data);
    case 'training.milestones':
    case 'training.milestoneUnit':
    case 'training.decayFactor':
      return whyScheduleOptionUnused(name!, training, composition);
    case 'training.momentum':
    case 'training.weightDecay':
    case 'training.decayMode':
    case 'training.decayScope':
      return whyOptimizerOptionUnused(name!, options, composition);
    case 'compute.threads':
      return whyThreadsUnused(options, composition);
    default:
      return null;
  }
}

/** Options of images that are opened, where there are any. */
const OF_IMAGES = ['limitTrain', 'limitTest', 'stratify', 'augment', 'crop', 'flip', 'mixup', 'views'];

/** Whether an option asks for something to be done with the images of the dataset. */
function concernsImages([group, name]: OptionPath, options: RunOptions): boolean {
  if (group !== 'data' || !OF_IMAGES.includes(String(name))) return false;
  const value = valueAt(options, [group, name!]);
  return Array.isArray(value) ? value.length > 0 : value !== false && value !== 0;
}

/** The option `mixup` takes its pairs from the batch, so it has no views of its own. */
function whyViewsUnused(data: RunOptions['data']): string | null {
  if (data.augment?.length === 0) return 'there are no augmentations to draw';
  return hasAugmentations({ ...data, mixup: 0 }) ? null : 'there are neither crops nor flips to draw';
}

/** Options of the run that schedules have under other names. */
const SCHEDULE_OPTIONS: Readonly<Record<string, string>> = { milestoneUnit: 'unit', decayFactor: 'factor' };

function whyScheduleOptionUnused(
  name: string,
  { schedule }: RunOptions['training'],
  { registries }: Registries,
): string | null {
  const option = SCHEDULE_OPTIONS[name] ?? name;
  if (option in schedule.options) return `the schedule has its own ${option}`;
  const known = optionNames(registries.schedules.get(schedule.name).contribution.options) ?? [];
  return known.includes(option) ? null : `the schedule is ${schedule.name}, not step`;
}

function whyOptimizerOptionUnused(
  option: string,
  options: RunOptions,
  { registries }: Registries,
): string | null {
  const takes = ({ name, options: own }: Named): boolean =>
    !(option in own) &&
    registries.optimizers.has(name) &&
    (optionNames(registries.optimizers.get(name).contribution.options) ?? []).includes(option);
  return optimizersOf(options).some(takes) ? null : `${options.training.optimizer.name} has none`;
}

function whyDirectoryUnused({ name, options }: Named, { registries }: Registries): string | null {
  if (registries.datasets.get(name).contribution.generated === true)
    return `the dataset "${name}" is generated`;
  return typeof options['path'] === 'string' ? `the dataset "${name}" has a path of its own` : null;
}

function whyObjectiveUnused(name: string, options: RunOptions, composition: Registries): string | null {
  const { training, objective } = options;
  const used = options.methods.some((method) => {
    const made = (of: RunOptions['objective']): string =>
      JSON.stringify(methodOptions(method, { training, objective: of }, composition));
    return made(objective) !== made({ ...objective, [name]: undefined });
  });
  return used ? null : (OBJECTIVE_REASONS[name] ?? 'none of the methods has this option');
}

const OBJECTIVE_REASONS: Readonly<Record<string, string>> = {
  discriminator: 'none of the methods has this option, or each of its discriminators sets its own',
  discriminatorInput: 'none of the methods has this option, or each of its discriminators sets its own input',
  adapter: 'none of the methods has this option, or each of its discriminators sets its own',
  mu: 'no regularizer of this run has this option',
  reduction: 'no method or data term of this run has this option',
  temperature: 'no method or data term of this run has this option',
};

function whyThreadsUnused(
  { compute, teacher, student }: RunOptions,
  { registries }: Registries,
): string | null {
  const backends = [
    teacherBackend({ compute, teacher }, { registries }) ?? compute.backend,
    student.backend ?? compute.backend,
  ];
  const known = backends.some(({ name }) =>
    optionNames(registries.backends.get(name).contribution.options)?.includes('threads'),
  );
  return known ? null : `the backend "${backends[1]!.name}" has no such option`;
}

/** Every optimizer that a model of the run may use. */
function optimizersOf({ training, teacher, objective, methods }: RunOptions): Named[] {
  const own = methods.flatMap(({ options }) =>
    ['recipe', 'discriminatorRecipe', 'optimizer', 'discriminatorOptimizer'].map((key) =>
      namedIn((options[key] as { optimizer?: unknown } | undefined)?.optimizer),
    ),
  );
  const all = [training.optimizer, teacher.optimizer, objective.discriminatorOptimizer, ...own];
  return all.flatMap((named) => named ?? []);
}

/** An optimizer as a method's own options may hold it. */
function namedIn(value: unknown): Named | null {
  if (typeof value === 'string') return parseNamed(value);
  const { name, options } = (value ?? {}) as Partial<Named>;
  return typeof name === 'string' ? { name, options: options ?? {} } : null;
}
