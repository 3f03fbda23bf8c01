import { AncError, mapTree } from '@anc/core';
import { parseDocument, stringify } from 'yaml';
import { checkLayer, type Origin } from './check-layer.js';
import { flagName, metaOf } from './flags.js';
import { loadConfigFile } from './load-file.js';
import type { PlaceOf } from './locate.js';
import { formatNamed } from './named.js';
import { presets, type Said } from './presets.js';
import { configKeys, configSchema, type ConfigKey, type PartialConfig } from './schema.js';

/** A run's options: what presets say is always there, the rest where somebody said it. */
export type Config = PartialConfig & Required<Pick<PartialConfig, Said | 'preset'>>;

export const recordedKeys = configKeys.filter((key) => metaOf(key).recorded);

const flagOrigin: Origin = {
  place: (path, unknownKey) => flagName(String(unknownKey ?? path[0] ?? '')),
  keys: configKeys,
};

/** What a person asked for. */
export interface ConfigRequest {
  readonly config: Config;
  /** The options that flags or the file gave; the others come from the preset. */
  readonly said: readonly ConfigKey[];
  /** Where in the file an option stands that comes from there. */
  readonly place: PlaceOf;
}

/** Joins the layers: flags over file over preset. Throws `ANC_CONFIG`. */
export async function resolveRequest(flags: Record<string, unknown>, cwd: string): Promise<ConfigRequest> {
  const fromFlags = checkLayer(flags, flagOrigin);
  const file = await loadConfigFile(fromFlags.config, cwd);
  const fromFile = file === null ? {} : checkLayer(file.raw, { place: file.place, keys: recordedKeys });
  const said = { ...fromFile, ...fromFlags };
  const preset = said.preset ?? 'quick';
  const fromPreset = configSchema.parse(presets[preset](said.dataset?.name ?? 'glyphs', said));
  return {
    config: { ...fromPreset, preset, ...said } as Config,
    said: Object.keys(said) as ConfigKey[],
    place: (path, unknownKey) => {
      const key = String(path[0] ?? '');
      return file === null || key in fromFlags || !(key in fromFile) ? null : file.place(path, unknownKey);
    },
  };
}

/** The joined layers alone. Throws `ANC_CONFIG`. */
export async function resolveConfig(flags: Record<string, unknown>, cwd: string): Promise<Config> {
  return (await resolveRequest(flags, cwd)).config;
}

/** What may be said anew when a run is continued: nothing that its result depends on. */
const resumable: readonly ConfigKey[] = [
  'resume',
  'json',
  'quiet',
  'offline',
  'dataDir',
  'threads',
  'backend',
  'teacherBackend',
  'studentBackend',
];

/**
 * The options of a run that is continued. Throws `ANC_CONFIG` where a flag would change the run, and
 * `ANC_RUN_CONFIG` where the record is damaged.
 */
export function resumedConfig(flags: Record<string, unknown>, recorded: string): Config {
  const fromFlags = checkLayer(flags, flagOrigin);
  const other = Object.keys(flags).find((key) => !resumable.includes(key as ConfigKey));
  if (other !== undefined) {
    throw new AncError('ANC_CONFIG', `${flagName(other)}: a run is continued with its own options.`, {
      expected: `no other options than ${resumable.map(flagName).join(', ')}`,
      hint: 'start a new run to change it.',
    });
  }
  const { teacherBackend, studentBackend, ...record } = readRecord(recorded);
  // `--backend` takes the place of every backend of the record: one of them may be what failed.
  const backends = fromFlags.backend === undefined ? defined({ teacherBackend, studentBackend }) : {};
  return { ...record, ...backends, ...fromFlags };
}

const defined = (
  backends: Readonly<Record<'teacherBackend' | 'studentBackend', PartialConfig['backend'] | undefined>>,
) =>
  Object.fromEntries(Object.entries(backends).filter(([, named]) => named !== undefined)) as typeof backends;

/** What every record has: what every preset says. */
const always = ['preset', ...Object.keys(presets.quick('glyphs'))] as readonly ConfigKey[];

function readRecord(text: string): Config {
  const document = parseDocument(text);
  const broken = document.errors[0];
  if (broken !== undefined) throw damaged(broken.message.split('\n')[0]!);
  const read = configSchema.safeParse(document.toJS());
  if (!read.success) {
    const { path, message } = read.error.issues[0]!;
    throw damaged(path.length === 0 ? message : `${path.join('.')}: ${message}`);
  }
  const missing = always.find((key) => read.data[key] === undefined);
  if (missing !== undefined) throw damaged(`nothing for "${missing}"`);
  return read.data as Config;
}

const damaged = (received: string): AncError =>
  new AncError('ANC_RUN_CONFIG', "the run folder's config.resolved.yaml is damaged.", {
    expected: 'the options as the run wrote them',
    received,
    hint: 'restore the file from a copy, or start a new run.',
  });

/** The recorded options as YAML that reads back to the same. */
export function formatConfig(config: Config): string {
  const recorded = recordedKeys.flatMap((key): [string, unknown][] =>
    config[key] === undefined ? [] : [[key, plain(config[key])]],
  );
  return stringify(Object.fromEntries(recorded));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const { name, options } = value as { name?: unknown; options?: unknown };
  if (typeof name === 'string' && typeof options === 'object' && options !== null) {
    return formatNamed({ name, options: options as Record<string, unknown> });
  }
  return mapTree(value as Record<string, unknown>, plain);
}
