import { AncError, type Plugin } from '@anc/core';
import type { RunOptionsInput } from '@anc/pipeline/internal';
import { DEPRECATED_KEYS, groupOptions, optionTable, suggestion } from '@anc/pipeline/options';
import { callFlagsOf, type CallFlags } from './call-options.js';
import { flagName } from './flags.js';
import { loadConfigFile, type ConfigFile } from './load-file.js';
import type { Origins } from './locate.js';

/** What a user asked for, from flags and a configuration file. */
export interface CommandRequest {
  /** Options of flags over those of the file, before a preset fills the rest. */
  readonly input: RunOptionsInput;
  /** The same of flags alone, and of the file alone. */
  readonly flags: RunOptionsInput;
  readonly file: RunOptionsInput;
  readonly origins: Origins;
  readonly call: CallFlags;
  /** Plugin objects of the file; flags replace its list. */
  readonly plugins: readonly Plugin[];
  /** Warnings about renamed options. */
  readonly warnings: readonly string[];
}

const known = optionTable.map(({ key }) => key);

/** Joins flags and configuration file. Throws `ANC_CONFIG` for a file that cannot be read and for unknown options. */
export async function readRequest(
  flags: Readonly<Record<string, unknown>>,
  cwd: string,
): Promise<CommandRequest> {
  const call = callFlagsOf(flags);
  const file = await loadConfigFile(call.config, cwd);
  const { named: raw, objects } = apart(file === null ? {} : fileOptions(file));
  const [fromFlags, fromFile] = [withCurrentKeys(flags), withCurrentKeys(raw)];
  const merged = { ...fromFile, ...fromFlags };
  return {
    input: groupOptions(merged),
    flags: groupOptions(fromFlags),
    file: groupOptions(fromFile),
    call,
    plugins: 'plugins' in fromFlags ? [] : objects,
    warnings: [
      ...renamed(flags).map(([old, current]) => `${flagName(old)} is deprecated: use ${flagName(current)}.`),
      ...renamed(raw).map(([old, current]) => `"${old}" is deprecated: write "${current}" instead.`),
    ],
    origins: {
      place([key, ...rest], isUnknownKey) {
        const name = String(key);
        if (file === null || name in fromFlags || !(name in fromFile)) return null;
        const written = renamed(raw).find(([, current]) => current === name)?.[0] ?? name;
        return isUnknownKey
          ? file.place([written, ...rest.slice(0, -1)], String(rest.at(-1)))
          : file.place([written, ...rest]);
      },
    },
  };
}

/** The object in a configuration file. Throws `ANC_CONFIG` with the place of an unknown option. */
function fileOptions(file: ConfigFile): Readonly<Record<string, unknown>> {
  const { raw } = file;
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new AncError('ANC_CONFIG', `${file.place([])}: expected options by name.`, {
      received: raw === undefined ? 'nothing' : JSON.stringify(raw),
    });
  }
  const stray = Object.keys(raw).find(
    (key) => !known.includes(key) && !(key in DEPRECATED_KEYS) && key !== '$schema', // which editors read
  );
  if (stray !== undefined) {
    const hint = suggestion(stray, known);
    throw new AncError('ANC_CONFIG', `${file.place([], stray)}: there is no such option.`, {
      hint: hint ?? 'see `anc-cli run --help` for all of them.',
    });
  }
  return raw as Record<string, unknown>;
}

const renamed = (options: Readonly<Record<string, unknown>>): [string, string][] =>
  Object.keys(options).flatMap((key): [string, string][] =>
    DEPRECATED_KEYS[key] === undefined ? [] : [[key, DEPRECATED_KEYS[key]]],
  );

const withCurrentKeys = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [DEPRECATED_KEYS[key] ?? key, value]));

/** The plugins that flags, or the configuration file, name. */
export interface PluginCall {
  readonly plugins: readonly (string | Plugin)[];
  readonly discoverPlugins: boolean | undefined;
}

/** The plugins of a command that trains nothing. */
export async function pluginsOf(
  options: { readonly plugins?: string; readonly config?: string; readonly discoverPlugins?: boolean },
  cwd: string,
): Promise<PluginCall> {
  const { plugins, config, discoverPlugins } = options;
  const { input, plugins: objects } = await readRequest(
    {
      ...(plugins === undefined ? {} : { plugins: plugins.split(',') }),
      ...(config === undefined ? {} : { config }),
      ...(discoverPlugins === false ? { discoverPlugins } : {}), // true is commander's default
    },
    cwd,
  );
  return { plugins: [...(input.plugins ?? []), ...objects], discoverPlugins: input.discoverPlugins };
}

/** A list of names and of plugin objects, which only a configuration file in JavaScript or TypeScript can hold. */
function apart(raw: Readonly<Record<string, unknown>>): {
  readonly named: Readonly<Record<string, unknown>>;
  readonly objects: readonly Plugin[];
} {
  const { plugins } = raw;
  if (!Array.isArray(plugins)) return { named: raw, objects: [] };
  const all: readonly unknown[] = plugins;
  const isObject = (value: unknown): value is Plugin =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  return {
    named: { ...raw, plugins: all.filter((one) => !isObject(one)) },
    objects: all.filter(isObject),
  };
}
