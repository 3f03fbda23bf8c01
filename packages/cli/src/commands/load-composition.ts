import type { Composition } from '../composition/compose.js';

/** The built-in plugins and the user's, joined. */
export async function loadComposition(plugins: readonly string[], cwd: string): Promise<Composition> {
  const [{ compose }, { builtinPlugins }, { loadPlugin }] = await Promise.all([
    import('../composition/compose.js'),
    import('../composition/builtin-plugins.js'),
    import('../composition/load-plugin.js'),
  ]);
  const builtin = await builtinPlugins();
  const own = await Promise.all(plugins.map((name) => loadPlugin(name, cwd)));
  return compose([...builtin, ...own]);
}
