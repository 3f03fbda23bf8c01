import type { Plugin } from '@anc/core';
import type { Composition } from '../composition/compose.js';

/**
 * The built-in plugins and more: packages or files by name, or plugin objects. Throws `ANC_PLUGIN_*` where one cannot be
 * loaded or two bring the same name.
 */
export async function loadComposition(
  plugins: readonly (string | Plugin)[],
  cwd: string,
): Promise<Composition> {
  const [{ compose }, { builtinPlugins }, { loadPlugin }, { autoPlugin }] = await Promise.all([
    import('../composition/compose.js'),
    import('./builtin-plugins.js'),
    import('../composition/load-plugin.js'),
    import('../backends/auto.js'),
  ]);
  const builtin = await builtinPlugins();
  const own = await Promise.all(
    plugins.map(async (plugin) => (typeof plugin === 'string' ? loadPlugin(plugin, cwd) : plugin)),
  );
  const auto = autoPlugin(() => composition.registries.backends, plugins, cwd);
  const composition = compose([...builtin, auto, ...own]);
  return composition;
}
