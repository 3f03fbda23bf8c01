import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { missing } from './data-error.js';

/** Where downloaded files are kept: `ANC_CACHE_DIR`, else the user's cache folder. */
export function cacheDir(): string {
  const own = process.env['ANC_CACHE_DIR'];
  if (own) return resolve(own);
  const shared = process.env['XDG_CACHE_HOME'];
  if (shared) return join(shared, 'anc'); // empty counts as unset
  return join(homedir(), '.cache', 'anc');
}

/**
 * Folders that may hold a dataset's files, in the order in which they are looked at: the user's folder
 * (`--data-dir`), `ANC_DATA_DIR`, the cache; in each, the dataset's own folders before the folder itself.
 */
export function searchPlaces(dataDir: string | null, folders: readonly string[]): string[] {
  const roots = [dataDir, process.env['ANC_DATA_DIR'], cacheDir()]
    .filter((root): root is string => Boolean(root))
    .map((root) => resolve(root));
  return [...new Set(roots.flatMap((root) => [...folders.map((folder) => join(root, folder)), root]))];
}

/** The first existing one of `names` in `places`, or null. */
export function findFile(places: readonly string[], names: readonly string[]): string | null {
  for (const place of places) {
    for (const name of names) {
      const path = join(place, name);
      if (existsSync(path)) return path;
    }
  }
  return null;
}

/** Like `findFile`; throws `ANC_DATA_MISSING` naming the dataset, the file and the folders. */
export function requireFile(dataset: string, places: readonly string[], names: readonly string[]): string {
  const path = findFile(places, names);
  if (path === null) throw missing(dataset, names.slice(0, 1), places);
  return path;
}
