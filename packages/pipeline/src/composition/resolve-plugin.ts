import module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolveModuleURL } from 'exsolve';

/** What Yarn's Plug'n'Play adds to Node: packages are in archives, and a table says where. */
interface PnpApi {
  resolveRequest(
    request: string,
    issuer: string,
    options: { readonly conditions: ReadonlySet<string> },
  ): string | null;
}

const CONDITIONS = new Set(['node', 'import', 'default']);

/**
 * The address of a plugin's module, or undefined where there is none: a path as read from `cwd`; a package as seen from
 * there, or else from this package.
 */
export function resolvePlugin(specifier: string, cwd: string): string | undefined {
  const here = pathToFileURL(`${cwd}/`);
  return (
    fromArchives(specifier, cwd) ??
    resolveModuleURL(specifier, {
      from: isPath(specifier) ? here : [here, new URL(import.meta.url)],
      try: true,
      suffixes: ['', '/index'],
      extensions: ['.js', '.mjs', '.ts', '.mts'],
    })
  );
}

/** Whether a plugin is named by the path or address of its file, and not as a package. */
export const isPath = (specifier: string): boolean => /^([./]|[a-z]:|file:)/i.test(specifier);

/** A package of a project that Yarn installed without `node_modules`. */
function fromArchives(specifier: string, cwd: string): string | undefined {
  if (isPath(specifier)) return undefined;
  const { findPnpApi } = module as { findPnpApi?: (folder: string) => PnpApi | null };
  const issuer = join(cwd, 'anc.config.js'); // a file of the project, which need not exist
  try {
    const path = findPnpApi?.(issuer)?.resolveRequest(specifier, issuer, { conditions: CONDITIONS });
    return path === undefined || path === null ? undefined : pathToFileURL(path).href;
  } catch {
    return undefined; // not a dependency of the project
  }
}
