import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder } from '@anc/core/internal';
import { missing } from './data-error.js';

/** Folder of downloaded files. */
export const cacheDir = (): string => cacheFolder()!; // files are read in Node alone

/**
 * Folders that may hold a dataset's files, in search order: the user's folder (`--data-dir`), `ANC_DATA_DIR`, the
 * cache; in each, the dataset's own folders before the folder itself.
 */
export function searchPlaces(dataDir: string | null, folders: readonly string[]): string[] {
  const roots = [dataDir, process.env['ANC_DATA_DIR'], cacheDir()]
    .filter((root): root is string => Boolean(root))
    .map((root) => resolve(root));
  return [...new Set(roots.flatMap((root) => [...folders.map((folder) => join(root, folder)), root]))];
}

/** Most folders that are looked into for files that are in none of the usual places. */
const MOST_FOLDERS = 1000;

/**
 * The folders in the user's folder and in `ANC_DATA_DIR`, and those in them: where files are that were unpacked into
 * folders of another name.
 */
export function innerPlaces(dataDir: string | null): string[] {
  return innerFolders(
    ...[dataDir, process.env['ANC_DATA_DIR']].filter((root) => Boolean(root)).map((root) => resolve(root!)),
  );
}

/** The folders in folders, and those in them. */
export function innerFolders(...roots: readonly string[]): string[] {
  const found: string[] = [];
  let level = [...roots];
  for (let depth = 0; depth < 2; depth++) {
    level = level.flatMap(foldersIn).slice(0, MOST_FOLDERS);
    found.push(...level);
  }
  return [...new Set(found)];
}

function foldersIn(folder: string): string[] {
  const path = (name: string): string => join(folder, name);
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.') && name !== '__MACOSX')
      .filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path(entry.name))))
      .map(({ name }) => path(name))
      .sort();
  } catch {
    return []; // no folder, or not a readable one
  }
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Path of the first of `names` that exists in `places`, or null. */
export function findFile(places: readonly string[], names: readonly string[]): string | null {
  for (const place of places) {
    for (const name of names) {
      const path = join(place, name);
      if (isFile(path)) return path;
    }
  }
  return null;
}

/** @throws `ANC_DATA_MISSING`, naming the dataset, the file and the folders, where `findFile` returns null. */
export function requireFile(dataset: string, places: readonly string[], names: readonly string[]): string {
  const path = findFile(places, names);
  if (path === null) throw missing(dataset, names.slice(0, 1), places);
  return path;
}
