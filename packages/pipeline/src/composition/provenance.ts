import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from '@anc/core';
import { kindNames } from './kinds.js';

/** Where a plugin comes from. */
export interface PluginSource {
  readonly plugin: Plugin;
  /** `built-in`: comes with the program. `object`: it was passed as a value. */
  readonly source: 'built-in' | 'package' | 'file' | 'object';
  /** Address of the module, where there is one. */
  readonly url?: string;
  /** Whether it was found among the installed packages, and not named by anyone. */
  readonly discovered?: boolean;
  /** Of one that was found: the folder of the project that has it. */
  readonly folder?: string;
}

/** What a run records of a plugin. */
export interface PluginRecord {
  readonly name: string;
  /** Null where neither the plugin nor its package says it. */
  readonly version: string | null;
  /** SHA-256 of its content, `sha256:…`; null where it cannot be read. See `digestOf`. */
  readonly digest: string | null;
  readonly source: PluginSource['source'];
  readonly discovered: boolean;
  /** Of one that was found: the folder of the project that has it. */
  readonly folder?: string;
  /** Whether anything of it was used. */
  readonly used: boolean;
}

/** Whether a plugin is the user's and had a share in a run: it was named, or something of it was used. */
export const isOwn = ({ source, discovered, used }: PluginRecord): boolean =>
  source !== 'built-in' && (!discovered || used);

/** A plugin, as checkpoints name it. */
export type PluginIdentity = Pick<PluginRecord, 'name' | 'version' | 'digest'>;

/** The user's plugins that had a share in a run. */
export const identitiesOf = (records: readonly PluginRecord[]): PluginIdentity[] =>
  records.filter(isOwn).map(({ name, version, digest }) => ({ name, version, digest }));

/** Records of the plugins of a composition, in its order. */
export const recordsOf = (
  sources: readonly PluginSource[],
  used: ReadonlySet<string>,
): Promise<PluginRecord[]> =>
  Promise.all(
    sources.map(async (one) => {
      const { plugin, source, discovered = false } = one;
      const folder = one.url === undefined ? null : await packageFolder(fileURLToPath(one.url));
      const manifest = folder === null || source === 'file' ? null : await manifestOf(folder);
      const own = typeof manifest?.version === 'string' ? manifest.version : null;
      return {
        name: plugin.name,
        version: plugin.version ?? own,
        digest: await digestOf(one, folder),
        source,
        discovered,
        ...(one.folder === undefined ? {} : { folder: one.folder }),
        used: used.has(plugin.name),
      };
    }),
  );

/**
 * SHA-256 of a plugin's content.
 *
 * - Of a package: its files, by path, without `node_modules` and without files and folders whose name begins with a dot.
 * - Of a package of the program: its JavaScript alone, which is what runs, so that a run starts sooner.
 * - Of a file: the file and what it imports by a relative path, and so on.
 * - Of an object: the source text of its `create` functions, with kinds, names, summaries and version. Changes of what these
 *   functions call are not seen.
 */
async function digestOf(
  { plugin, source, url }: PluginSource,
  folder: string | null,
): Promise<string | null> {
  if (source === 'object' || url === undefined) return digestOfObject(plugin);
  const path = fileURLToPath(url);
  const isPackage = folder !== null && source !== 'file';
  const key = `${source} ${isPackage ? folder : path}`;
  const known = source === 'built-in' ? digests.get(key) : undefined; // their files do not change while they run
  const digest =
    known ??
    (isPackage
      ? digestOfFiles(await filesIn(folder, source === 'built-in' ? RUNS : ANY), folder)
      : digestOfModule(path));
  if (source === 'built-in') digests.set(key, digest);
  return await digest.catch(() => null);
}

const digests = new Map<string, Promise<string>>();
const ANY = /(?:)/;
const RUNS = /\.[cm]?js$/;

function digestOfObject(plugin: Plugin): string {
  const hash = createHash('sha256').update(JSON.stringify([plugin.name, plugin.version ?? null]));
  for (const kind of kindNames) {
    for (const [name, { summary, create }] of Object.entries(plugin[kind] ?? {}).sort(([a], [b]) =>
      a < b ? -1 : 1,
    ))
      hash.update(JSON.stringify([kind, name, summary ?? null, Function.prototype.toString.call(create)]));
  }
  return `sha256:${hash.digest('hex')}`;
}

/** Paths are part of the digest; `/` separates their parts on every platform. */
async function digestOfFiles(paths: readonly string[], root: string): Promise<string> {
  const hash = createHash('sha256');
  const shown = paths.map((path) => [relative(root, path).split(sep).join('/'), path] as const);
  for (const [name, path] of shown.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const content = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    hash.update(JSON.stringify([name, content]));
  }
  return `sha256:${hash.digest('hex')}`;
}

const digestOfModule = async (path: string): Promise<string> =>
  digestOfFiles(await modulesFrom(path), dirname(path));

/** A file and what it imports by a relative path, and so on. */
export async function modulesFrom(path: string): Promise<string[]> {
  const found = new Set<string>();
  const visit = async (file: string): Promise<void> => {
    if (found.has(file)) return;
    found.add(file);
    const text = await readFile(file, 'utf8');
    for (const [, , specifier] of text.matchAll(IMPORT)) {
      const next = await resolved(resolve(dirname(file), specifier!));
      if (next !== null) await visit(next);
    }
  };
  await visit(path);
  return [...found];
}

/** `from './x.js'`, `import './x.js'`, `import('./x.js')`, `require('./x.cjs')`, `new URL('./x.wasm', import.meta.url)`. */
const IMPORT = /(\bfrom|\bimport|\brequire|\bURL)\s*\(?\s*["'](\.{1,2}\/[^"'\n]+)["']/g;

/** The file that a relative path means: TypeScript writes `./x.js` or `./x` for `./x.ts`. */
async function resolved(path: string): Promise<string | null> {
  const bare = path.replace(/\.([cm]?)js$/, '.$1ts');
  const candidates = [path, bare, ...['.ts', '.mts', '.js', '.mjs', '.json'].map((end) => path + end)];
  const inside = ['ts', 'mts', 'js', 'mjs'].map((end) => join(path, `index.${end}`));
  for (const candidate of [...candidates, ...inside]) {
    if ((await stat(candidate).catch(() => null))?.isFile() === true) return candidate;
  }
  return null;
}

/** The files of a package, whether it is installed or linked. */
async function filesIn(folder: string, wanted: RegExp): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const inner = await Promise.all(
    entries
      .filter(({ name }) => name !== 'node_modules' && !name.startsWith('.'))
      .map(async (entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return await filesIn(path, wanted);
        return entry.isFile() && wanted.test(entry.name) ? [path] : [];
      }),
  );
  return inner.flat();
}

/** The folder of the nearest package.json with a name above a file; null without any. */
async function packageFolder(path: string): Promise<string | null> {
  let folder = dirname(await realpath(path).catch(() => path));
  for (;;) {
    if (typeof (await manifestOf(folder))?.name === 'string') return folder;
    const above = dirname(folder);
    if (above === folder) return null;
    folder = above;
  }
}

async function manifestOf(folder: string): Promise<{ name?: unknown; version?: unknown } | null> {
  try {
    return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { name?: unknown };
  } catch {
    return null;
  }
}
