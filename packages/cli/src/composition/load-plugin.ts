import { pathToFileURL } from 'node:url';
import { AncError, assertPlugin, type Plugin } from '@anc/core';
import { resolveModuleURL } from 'exsolve';

/**
 * Loads a plugin by package name or path: the user's working directory comes first, then this package's own
 * surroundings. Throws `ANC_PLUGIN_MISSING` or `ANC_PLUGIN`.
 */
export async function loadPlugin(specifier: string, cwd: string): Promise<Plugin> {
  const from = [pathToFileURL(`${cwd}/`), new URL(import.meta.url)];
  const url = resolveModuleURL(specifier, {
    from,
    try: true,
    suffixes: ['', '/index'],
    extensions: ['.js', '.mjs'],
  });
  if (url === undefined) {
    const isPath = /^[./]/.test(specifier);
    throw new AncError('ANC_PLUGIN_MISSING', `plugin "${specifier}" was not found.`, {
      expected: `${isPath ? 'a file' : 'a package'} that can be reached from ${cwd}`,
      hint: isPath
        ? 'check the path; it is read relative to the working directory.'
        : `npm install ${specifier}`,
    });
  }
  let module: { default?: unknown };
  try {
    module = (await import(url)) as { default?: unknown };
  } catch (cause) {
    throw new AncError('ANC_PLUGIN', `plugin "${specifier}" could not be loaded.`, {
      received: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
  return pluginOf(module, specifier);
}

/** The plugin that a module's default export is or returns. */
export function pluginOf(module: { default?: unknown }, from: string): Plugin {
  const plugin: unknown =
    typeof module.default === 'function' ? (module.default as () => unknown)() : module.default;
  assertPlugin(plugin, from);
  return plugin;
}
