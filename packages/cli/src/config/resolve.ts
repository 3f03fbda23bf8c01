import { AncError, mapTree } from '@anc/core';
import { parse, stringify } from 'yaml';
import { checkLayer, type Origin } from './check-layer.js';
import { flagName, metaOf } from './flags.js';
import { loadConfigFile } from './load-file.js';
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

/** Joins the layers: flags over file over preset. Throws `ANC_CONFIG`. */
export async function resolveConfig(flags: Record<string, unknown>, cwd: string): Promise<Config> {
  const fromFlags = checkLayer(flags, flagOrigin);
  const file = await loadConfigFile(fromFlags.config, cwd);
  const fromFile = file === null ? {} : checkLayer(file.raw, { place: file.place, keys: recordedKeys });
  const said = { ...fromFile, ...fromFlags };
  const preset = said.preset ?? 'quick';
  const fromPreset = configSchema.parse(presets[preset](said.dataset?.name ?? 'glyphs'));
  return { ...fromPreset, preset, ...said } as Config;
}

/** What may be said anew when a run is continued: nothing that its result depends on. */
const resumable: readonly ConfigKey[] = [
  'resume',
  'json',
  'quiet',
  'dataDir',
  'threads',
  'backend',
  'teacherBackend',
  'studentBackend',
];

/** The options of a run that is continued. Throws `ANC_CONFIG` where a flag would change the run. */
export function resumedConfig(flags: Record<string, unknown>, recorded: string): Config {
  const fromFlags = checkLayer(flags, flagOrigin);
  const other = Object.keys(flags).find((key) => !resumable.includes(key as ConfigKey));
  if (other !== undefined) {
    throw new AncError('ANC_CONFIG', `${flagName(other)}: a run is continued with its own options.`, {
      expected: `no other options than ${resumable.map(flagName).join(', ')}`,
      hint: 'start a new run to change it.',
    });
  }
  return { ...configSchema.parse(parse(recorded)), ...fromFlags } as Config;
}

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
