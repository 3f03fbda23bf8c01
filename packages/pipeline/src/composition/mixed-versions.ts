import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AncErrorDetail } from '@anc/core';

interface Installed {
  readonly version: string;
  readonly path: string;
}

/** A package of ours as a file finds it, or null. */
function installedFor(name: string, file: string): Installed | null {
  try {
    const path = createRequire(file).resolve(`${name}/package.json`);
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
    return { version, path };
  } catch {
    return null;
  }
}

/**
 * What to say of a plugin that imports a name which a package of ours does not export: it, or a package between, was
 * written for another release.
 *
 * @param message of the `SyntaxError`
 * @param plugin address of its module
 * @returns null where the message is of something else
 */
export function mixedVersions(message: string, plugin: string): AncErrorDetail | null {
  const found = /'((?:@anc\/[\w-]+)(?:\/[\w-]+)?)' does not provide an export named '([^']+)'/.exec(message);
  if (found === null) return null;
  const [, specifier = '', exported = ''] = found;
  const name = specifier.split('/').slice(0, 2).join('/');
  const theirs = installedFor(name, plugin);
  const ours = installedFor('@anc/core', import.meta.url);
  return {
    expected: `a release of ${name} that exports ${exported} from ${specifier}`,
    received:
      (theirs === null ? `no ${name} beside the plugin` : `${name} ${theirs.version} in ${theirs.path}`) +
      (ours === null ? '' : `; the program's @anc/core is ${ours.version} in ${ours.path}`),
    hint:
      `install one release of all @anc packages, and a release of the plugin for it; ` +
      `npm ls @anc/core shows which are there (docs/versions.md).`,
  };
}
