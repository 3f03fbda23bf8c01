import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** `anc-plugin-zoo` and `@scope/anc-plugin-zoo`. */
const PLUGIN = /^(@[^/]+\/)?anc-plugin-./;

/** Lists of package.json that say what a project installs. */
const LISTS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

/**
 * Whether installed plugins are looked for: what a flag or a configuration file says, else what the environment variable
 * `ANC_DISCOVER_PLUGINS` says (`0`, `false`, `no` and `off` turn it off), else yes.
 */
export function discovers(given: boolean | undefined): boolean {
  if (given !== undefined) return given;
  return !/^(0|false|no|off)$/i.test(process.env['ANC_DISCOVER_PLUGINS'] ?? '');
}

/** A project that has plugins among its dependencies. */
export interface DiscoveredPlugins {
  /** Folder of its package.json; packages are looked for from here. */
  readonly folder: string;
  /** Names of packages, in alphabetical order. */
  readonly names: readonly string[];
}

/** The plugins among the dependencies of the nearest package.json, in a folder or above it; null without any. */
export async function discoverPlugins(cwd: string): Promise<DiscoveredPlugins | null> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
    if (text !== null) {
      const names = namesIn(text);
      return names.length === 0 ? null : { folder, names };
    }
    if (dirname(folder) === folder) return null;
  }
}

/** None where it is no package.json, which npm reports. */
function namesIn(text: string): string[] {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    return [];
  }
  const lists = (manifest ?? {}) as Partial<Record<(typeof LISTS)[number], unknown>>;
  const names = LISTS.flatMap((list) => Object.keys(Object(lists[list]) as object));
  return [...new Set(names.filter((name) => PLUGIN.test(name)))].sort();
}
