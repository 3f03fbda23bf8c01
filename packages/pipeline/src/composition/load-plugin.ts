import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AncError, type Plugin } from '@anc/core';
import { assertPlugin, callSite } from '@anc/core/internal';
import { mixedVersions } from './mixed-versions.js';
import { blaming } from './plugin-fault.js';
import type { PluginSource } from './provenance.js';
import { isPath, resolvePlugin } from './resolve-plugin.js';
import { syntaxFault } from './syntax-place.js';

/**
 * Loads a plugin by package name or path: the user's working directory comes first, then this package's own
 * surroundings. Throws `ANC_PLUGIN_MISSING` or `ANC_PLUGIN`.
 */
export async function loadPlugin(specifier: string, cwd: string): Promise<PluginSource> {
  if (specifier.trim() === '') {
    throw new AncError('ANC_PLUGIN_MISSING', 'a plugin has no name.', {
      expected: 'a package, or the path of a file: ./my-plugin.mjs',
      received: 'an empty text',
      hint: 'leave --plugins out where there are none.',
    });
  }
  const url = resolvePlugin(specifier, cwd);
  if (url === undefined) {
    const folder = isPath(specifier) ? null : installedFolder(specifier, cwd);
    if (folder !== null) {
      throw new AncError('ANC_PLUGIN', `plugin "${specifier}" is installed, but its module is not there.`, {
        expected: `the file that "exports" or "main" of ${join(folder, 'package.json')} names`,
        hint: 'build the package (npm run build) and pack or install it again.',
      });
    }
    throw new AncError('ANC_PLUGIN_MISSING', `plugin "${specifier}" was not found.`, {
      expected: `${isPath(specifier) ? 'a file' : 'a package'} that can be reached from ${cwd}`,
      hint: whereToLook(specifier, cwd),
    });
  }
  let module: { default?: unknown };
  // A failure that ends the program has its own message and exit code.
  const ended = (code: number): void => {
    if (code !== 0 && code !== UNSETTLED_AWAIT) return;
    process.exitCode = 2;
    process.stderr.write(
      `error: plugin "${specifier}" ended the program while it was loaded.\n` +
        '  remove process.exit from it, and whatever it waits for without end; or leave it out.\n',
    );
  };
  process.once('exit', ended);
  try {
    module = TYPESCRIPT.test(url)
      ? await importTypeScript(url)
      : ((await import(url)) as { default?: unknown });
  } catch (cause) {
    throw await unloadable(specifier, url, cause);
  } finally {
    process.off('exit', ended);
  }
  return { plugin: pluginOf(module, specifier), source: isPath(specifier) ? 'file' : 'package', url };
}

/** What to do about a plugin that was not found. */
function whereToLook(specifier: string, cwd: string): string {
  if (isPath(specifier)) return 'check the path; it is read relative to the working directory.';
  const isFile = /\.[cm]?[jt]s$/.test(specifier) || existsSync(resolve(cwd, specifier));
  // npm would take "folder/file.ts" for a repository of somebody on GitHub.
  return isFile ? `the path of a file begins with ./: ./${specifier}` : `npm install ${specifier}`;
}

/** Where a package is installed for a folder, by Node's rules; null where it is not. */
function installedFolder(name: string, cwd: string): string | null {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === dirname(folder)) return null;
  }
}

/** Node's exit code where a module waits at its top level for a promise that nothing will settle. */
const UNSETTLED_AWAIT = 13;

const TYPESCRIPT = /\.[cm]?ts$/;

/** Any Node version loads it: types are removed, and what it imports from packages is the same copy as elsewhere. */
async function importTypeScript(url: string): Promise<{ default?: unknown }> {
  const { createJiti } = await import('jiti');
  return await createJiti(import.meta.url, { fsCache: false }).import(url);
}

/** A plugin's package name, or the absolute path of its file. */
export const pluginPath = (specifier: string, cwd: string): string =>
  /^\.{1,2}[\\/]/.test(specifier) ? resolve(cwd, specifier) : specifier;

/** As Node says it where a module imports a package, and where TypeScript is loaded. Not of a path. */
const MISSING_PACKAGE =
  /^Cannot find (?:package|module) '([^'./\\][^']*)'(?: imported from|\nRequire stack:)/;

/** The file was found, but not all that it imports, or its own code failed. */
async function unloadable(specifier: string, url: string, cause: unknown): Promise<AncError> {
  const message = cause instanceof Error ? cause.message : String(cause);
  const missing = MISSING_PACKAGE.exec(message);
  const isSyntax = cause instanceof SyntaxError || message.startsWith('ParseError: ');
  const mixed = isSyntax ? mixedVersions(message, url) : null;
  if (mixed !== null) {
    return new AncError('ANC_PLUGIN', `plugin "${specifier}" does not fit the installed @anc packages.`, {
      ...mixed,
      cause,
    });
  }
  return new AncError('ANC_PLUGIN', `plugin "${specifier}" could not be loaded.`, {
    received:
      isSyntax && cause instanceof Error
        ? await syntaxFault(url, cause)
        : missing !== null || !(cause instanceof Error)
          ? message.split('\n')[0]
          : withSite(message, callSite(cause)),
    ...(missing === null
      ? {}
      : {
          hint:
            `put the file into an npm project that has ${missing[1]!}: there, npm install ${missing[1]!}. ` +
            'Packages are looked for beside the file, not where anc-cli is (docs/plugins.md).',
        }),
    cause,
  });
}

const withSite = (message: string, site: string): string =>
  site === 'an unknown line' ? message : `${message}, at ${site}`;

/** The plugin that a module's default export is or returns. */
export function pluginOf(module: { default?: unknown }, from: string): Plugin {
  const made = module.default;
  if (typeof made === 'function' && /^class\b/.test(Function.prototype.toString.call(made))) {
    throw new AncError('ANC_PLUGIN', `"${from}" is not a plugin.`, {
      expected: 'a default export that is, or returns, definePlugin({ … })',
      received: 'a class',
      hint: 'export definePlugin({ … }) itself, or a function that returns it; the class belongs into `create`.',
    });
  }
  const plugin: unknown =
    typeof made === 'function' ? blaming(`plugin "${from}"`, () => (made as () => unknown)()) : made;
  if (plugin instanceof Promise) {
    plugin.catch(() => undefined);
    throw new AncError('ANC_PLUGIN', `"${from}" is not a plugin.`, {
      expected: 'a default export that is, or returns, definePlugin({ … })',
      received: 'a promise',
      hint: 'make the factory synchronous; what takes long is loaded when it is made, in `create`.',
    });
  }
  assertPlugin(plugin, from);
  return plugin;
}
