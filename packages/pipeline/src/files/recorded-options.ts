import { AncError } from '@anc/core';
import { shellQuoted } from '@anc/core/internal';
import type { RunFolder } from '@anc/runtime';
import { formatOptions, recordedOptions, RESUMABLE_KEYS, withRecorded } from '../options/record.js';
import type { RunOptions } from '../options/run-options.js';

/** An option with another value than the run began with. */
export interface ChangedOption {
  readonly key: string;
  /** Null where it is not known. */
  readonly from: unknown;
  readonly to: unknown;
}

/** A change of options when a run was resumed. */
export interface OptionsChange {
  readonly options: readonly ChangedOption[];
  /** Models that were finished before. */
  readonly finished: readonly string[];
}

/** The part of environment.json that is about options. */
export interface RecordedOptions {
  /** By key, as the run began or was last changed. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly changes?: readonly OptionsChange[];
  /** Completed options of each trained model's method, by the model's name. */
  readonly methods?: Readonly<Record<string, unknown>>;
  readonly pluginChanges?: readonly {
    readonly plugins: readonly { readonly name: string }[];
    readonly finished: readonly string[];
  }[];
}

/** Options that no result depends on. */
const HARMLESS: readonly string[] = [...RESUMABLE_KEYS, 'out', 'name'];

const readRecorded = async (folder: RunFolder): Promise<RecordedOptions> =>
  (await folder.readEnvironment()) ?? {};

/** The options as environment.json holds them, so that edited ones can be named. */
export const optionsForRecord = (options: RunOptions): Record<string, unknown> =>
  JSON.parse(JSON.stringify(recordedOptions(options))) as Record<string, unknown>;

/** The options that differ, by key; those that no result depends on are left out. */
export function changedOptions(
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): ChangedOption[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return keys
    .filter((key) => !HARMLESS.includes(key) && JSON.stringify(before[key]) !== JSON.stringify(now[key]))
    .map((key) => ({ key, from: before[key] ?? null, to: now[key] ?? null }));
}

/**
 * What was edited in config.resolved.yaml since the run wrote it; `options` are those that it holds now. Empty in folders of
 * earlier versions, where it cannot be told.
 */
export async function editedOptions(folder: RunFolder, options: RunOptions): Promise<ChangedOption[]> {
  if ((await folder.configIsOriginal()) !== false) return [];
  const { options: before } = await readRecorded(folder);
  if (before === undefined) return [{ key: 'config.resolved.yaml', from: null, to: null }];
  return changedOptions(before, optionsForRecord(options));
}

/** Throws `ANC_RUN_CHANGED` where options of a run folder were edited: its models were not trained with them. */
export async function assertUnchanged(folder: RunFolder, options: RunOptions): Promise<void> {
  const edited = await editedOptions(folder, options);
  if (edited.length > 0) throw changedError(folder, edited);
}

export const describeChange = ({ key, from, to }: ChangedOption): string =>
  from === null && to === null ? `${key} was edited` : `${key} ${inWords(from)} became ${inWords(to)}`;

const inWords = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

export const changedError = ({ path }: RunFolder, edited: readonly ChangedOption[]): AncError =>
  new AncError('ANC_RUN_CHANGED', `options of the run in ${path} were edited after it began.`, {
    expected: edited.map(({ key, from }) => `${key}: ${inWords(from)}`).join(', '),
    received: edited.map(({ key, to }) => `${key}: ${inWords(to)}`).join(', '),
    hint: `undo the edit in config.resolved.yaml; or train what is unfinished with them, which is recorded: anc-cli run --resume ${shellQuoted(path)} --change-options.`,
  });

/**
 * Records options that replace those of the run: from now on they are the run's own. `methods`: the completed options of the
 * models that will be trained with them.
 */
export async function recordChange(
  folder: RunFolder,
  options: RunOptions,
  { methods, ...change }: OptionsChange & { readonly methods: Readonly<Record<string, unknown>> },
): Promise<void> {
  const environment = (await folder.readEnvironment()) as RecordedOptions;
  await folder.writeConfig(formatOptions(options));
  await folder.writeEnvironment({
    ...environment,
    methods: { ...environment.methods, ...methods },
    options: optionsForRecord(options),
    changes: [...(environment.changes ?? []), change],
  });
}

/** The options that a finished model was trained with: changes that were made after it are undone. */
export async function optionsOfModel(
  folder: RunFolder,
  options: RunOptions,
  model: string,
): Promise<RunOptions> {
  const { changes = [] } = await readRecorded(folder);
  const later = changes.filter(({ finished }) => finished.includes(model));
  // Of several changes of an option, the earliest has the value that the model was trained with.
  const before = later
    .toReversed()
    .flatMap(({ options: changed }) => changed.map(({ key, from }) => [key, from] as const));
  return before.length === 0 ? options : withRecorded(options, Object.fromEntries<unknown>(before));
}

/** What was changed when the run was resumed, one sentence each, for its results. */
export async function changesInWords(folder: RunFolder): Promise<string[]> {
  const { changes = [], pluginChanges = [] } = await readRecorded(folder);
  const inFront = (finished: readonly string[]): string =>
    finished.length === 0 ? 'no model was finished before' : `finished before: ${finished.join(', ')}`;
  const ofPlugins = pluginChanges.map(
    ({ plugins, finished }) =>
      `Plugins were changed when the run was resumed: ${plugins.map(({ name }) => name).join(', ')} (${inFront(finished)}). Models of before and after are not comparable.`,
  );
  const ofOptions = changes.map(
    ({ options, finished }) =>
      `Options were changed when the run was resumed: ${options.map(describeChange).join('; ')} (${inFront(finished)}). Models of before and after are not comparable.`,
  );
  return [...ofOptions, ...ofPlugins];
}
