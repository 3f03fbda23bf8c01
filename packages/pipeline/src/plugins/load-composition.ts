import type { Plugin } from '@anc/core';
import type { BrokenPlugin, Composition } from '../composition/compose.js';
import type { PluginSource } from '../composition/provenance.js';
import { discoverPlugins, discovers } from './discover.js';

/** How plugins are come by. */
export interface LoadOptions {
  /** Whether installed packages `anc-plugin-*` are loaded, too; default: see `discovers`. */
  readonly discover?: boolean | undefined;
  /** The installed packages that a run began with, in place of looking for them. */
  readonly found?: readonly InstalledPlugin[] | undefined;
}

/** An installed package, and the folder of the project that has it. */
export interface InstalledPlugin {
  readonly name: string;
  readonly folder: string;
}

/**
 * The built-in plugins and more: packages or files by name, or plugin objects; and the installed packages `anc-plugin-*` of the
 * user's project, of which one that cannot be used is no error until it is named. Throws `ANC_PLUGIN_*` where one that was named
 * cannot be loaded.
 */
export async function loadComposition(
  plugins: readonly (string | Plugin)[],
  cwd: string,
  { discover, found: recorded }: LoadOptions = {},
): Promise<Composition> {
  const [
    { compose },
    { builtinPlugins, builtinUrl },
    { loadPlugin },
    { autoPlugin },
    { onnxFileModels },
    core,
  ] = await Promise.all([
    import('../composition/compose.js'),
    import('./builtin-plugins.js'),
    import('../composition/load-plugin.js'),
    import('../backends/auto.js'),
    import('./onnx-file.js'),
    import('@anc/core'),
  ]);
  const builtin = await builtinPlugins();
  const own = await Promise.all(
    plugins.map(async (plugin): Promise<PluginSource> =>
      typeof plugin === 'string' ? loadPlugin(plugin, cwd) : { plugin, source: 'object' },
    ),
  );
  const { found, broken } =
    recorded !== undefined
      ? { found: await Promise.all(recorded.map(({ name, folder }) => installed(name, folder))), broken: [] }
      : discovers(discover)
        ? await installedPlugins(cwd, own)
        : { found: [], broken: [] };
  const names = [...plugins, ...found.map(({ plugin }) => plugin.name)];
  const auto = autoPlugin(() => composition.registries.backends, names, cwd);
  const pipeline = core.definePlugin({ ...auto, models: onnxFileModels });
  const composition = compose(
    [
      ...builtin,
      { plugin: pipeline, source: 'built-in', url: builtinUrl('@anc/pipeline') },
      ...own,
      ...found,
    ],
    broken,
  );
  return composition;
}

/** The plugins among the packages of the user's project, without those that are named anyway. */
async function installedPlugins(
  cwd: string,
  named: readonly PluginSource[],
): Promise<{ readonly found: readonly PluginSource[]; readonly broken: readonly BrokenPlugin[] }> {
  const project = await discoverPlugins(cwd);
  if (project === null) return { found: [], broken: [] };
  const [{ validatePlugin }, { AncError, isAncError }] = await Promise.all([
    import('../composition/validate-plugin.js'),
    import('@anc/core'),
  ]);
  const found: PluginSource[] = [];
  const broken: BrokenPlugin[] = [];
  for (const name of project.names) {
    try {
      const source = await installed(name, project.folder);
      validatePlugin(source.plugin);
      const isNamed = [...named, ...found].some(
        ({ plugin, url }) => plugin.name === source.plugin.name || url === source.url,
      );
      if (!isNamed) found.push(source);
    } catch (error) {
      const cause = isAncError(error)
        ? error
        : new AncError('ANC_PLUGIN', `plugin "${name}" could not be loaded.`, { received: String(error) });
      broken.push({ name, error: cause });
    }
  }
  return { found, broken };
}

/** An installed package as a plugin that nobody named. */
async function installed(name: string, folder: string): Promise<PluginSource> {
  const { loadPlugin } = await import('../composition/load-plugin.js');
  return { ...(await loadPlugin(name, folder)), discovered: true, folder };
}
