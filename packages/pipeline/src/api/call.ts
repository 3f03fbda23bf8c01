import { resolve } from 'node:path';
import type { Plugin } from '@anc/core';
import type { Composition } from '../composition/compose.js';
import { pluginPath } from '../composition/load-plugin.js';
import type { Fetching } from '../data/open-dataset.js';
import { loadComposition, type InstalledPlugin } from '../plugins/load-composition.js';
import { assertCallTypes, assertGroup, type OptionNames } from './known-options.js';
import type { PluginInput, ValueRegistry } from './values.js';

/** Where a call works, what it may download, how it is stopped. */
export interface CallOptions {
  /** Relative paths start here; default: the working directory of the process. */
  readonly cwd?: string;
  /** Packages, files or plugin objects with more models, methods, datasets, … */
  readonly plugins?: readonly PluginInput[];
  /**
   * Whether installed packages `anc-plugin-*` of the project in `cwd` are loaded, too; default: yes, unless the environment
   * variable `ANC_DISCOVER_PLUGINS` is 0.
   */
  readonly discoverPlugins?: boolean;
  /** Download nothing: missing files are an error. */
  readonly offline?: boolean;
  /** Abort to stop after the current step; what has been done is kept where there is a folder. */
  readonly signal?: AbortSignal;
}

/** Names of `CallOptions`. */
export const CALL_OPTIONS: OptionNames<CallOptions> = {
  cwd: true,
  plugins: true,
  discoverPlugins: true,
  offline: true,
  signal: true,
};

/** Working directory and downloads of a call. Throws `ANC_CONFIG` where they are no object, or one of these options is of another type. */
export function callOf(options: CallOptions): { cwd: string; fetching: Fetching } {
  assertGroup(options, []);
  assertCallTypes(options);
  const { cwd, offline, signal } = options;
  return {
    cwd: resolve(cwd ?? process.cwd()),
    fetching: { offline: offline === true, ...(signal && { signal }) },
  };
}

/** Loads the plugins of a record; `found`: the installed ones that it began with, else they are looked for. */
export type Compose = (
  plugins: readonly string[],
  found?: readonly InstalledPlugin[],
) => Promise<Composition>;

/** How a call comes by its plugins. */
export interface ComposeOptions {
  /** Whether installed plugins are looked for; default: see `CallOptions`. */
  readonly discover?: boolean | undefined;
  /** Hears of installed plugins that cannot be used, once of each. */
  readonly notice?: (message: string) => void;
}

/** Loads the plugins of a record together with plugin objects and values of the caller. */
export function composeWith(
  plugins: readonly PluginInput[],
  values: ValueRegistry | null,
  cwd: string,
  { discover, notice }: ComposeOptions = {},
): Compose {
  const said = new Set<string>();
  return async (recorded, found) => {
    const given = values?.plugin() ?? null;
    const named = plugins.filter((plugin) => typeof plugin === 'string');
    // A record holds absolute paths. The same file is loaded once, and errors name it as the caller does.
    const names = new Map([...recorded, ...named].map((name) => [pluginPath(name, cwd), name]));
    const objects = plugins.filter((plugin): plugin is Plugin => typeof plugin !== 'string');
    const all = [...names.values(), ...objects, ...(given === null ? [] : [given])];
    const composition = await loadComposition(all, cwd, { discover, found });
    for (const { name, error } of composition.broken) {
      if (said.has(name)) continue;
      said.add(name);
      notice?.(`the installed plugin ${name} cannot be used: ${error.message}`);
    }
    return composition;
  };
}
