import type { Composition } from '../composition/compose.js';

/** The built-in plugins and the user's, joined. */
export async function loadComposition(plugins: readonly string[], cwd: string): Promise<Composition> {
  const [{ compose }, { builtinPlugins }, { loadPlugin }, { autoPlugin }] = await Promise.all([
    import('../composition/compose.js'),
    import('../composition/builtin-plugins.js'),
    import('../composition/load-plugin.js'),
    import('../backends/auto.js'),
  ]);
  const builtin = await builtinPlugins();
  const own = await Promise.all(plugins.map((name) => loadPlugin(name, cwd)));
  const auto = autoPlugin(() => composition.registries.backends, plugins, cwd);
  const composition = compose([...builtin, auto, ...own]);
  return composition;
}
