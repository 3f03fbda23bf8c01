import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { unreadable } from '../files/verified-file.js';

/** An image file: its path relative to the listed folder, separated by `/`, and its size and time stamp. */
export interface FoundImage {
  /** Path relative to the listed folder, separated by `/`. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  /** Time of the last change, in milliseconds since 1970. */
  readonly modified: number;
}

/** What is below a folder. All paths are relative to it, separated by `/` and sorted by their code units. */
export interface FolderListing {
  readonly images: readonly FoundImage[];
  /** Folders, with or without images. */
  readonly folders: readonly string[];
  /** Files that are no images by their names. */
  readonly others: readonly string[];
  /** What was left out for another reason, with that reason: pipes, devices, links that lead nowhere or back. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/** Formats that are decoded, by the names of files. */
const IMAGE = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|bmp|dib)$/i;

/** The formats in words, for messages. */
export const IMAGE_FORMATS = 'JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP';

/** Names that systems and programs put beside a user's files. Names that start with a dot are ignored, too. */
const IGNORED = new Set([
  '__macosx',
  '@eadir',
  '@recycle',
  '#recycle',
  '$recycle.bin',
  'system volume information',
  'lost+found',
  '__pycache__',
  'thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
]);

const isIgnored = (name: string): boolean => name.startsWith('.') || IGNORED.has(name.toLowerCase());

/** A folder that links lead to more often than this is left out: links to links would multiply without end. */
const MOST_VISITS = 16;

/** All image files below `root`, sorted by the code units of their paths. See `listFolder`. */
export const listImages = async (root: string): Promise<readonly FoundImage[]> =>
  (await listFolder(root)).images;

/**
 * Lists a folder in the same order on every system. Links are followed, and end where they lead back to a folder that
 * contains them. Pipes, sockets and devices are never opened.
 *
 * @throws `ANC_DATA_MISSING` if a folder cannot be read.
 */
export async function listFolder(root: string): Promise<FolderListing> {
  const paths: string[] = [];
  const folders: string[] = [];
  const others: string[] = [];
  const skipped: { path: string; reason: string }[] = [];
  const visits = new Map<string, number>();

  const start = await realpath(root).catch((cause: unknown) => {
    throw unreadable(root, cause);
  });

  const visit = async (folder: string, ancestors: readonly string[]): Promise<void> => {
    const place = join(root, folder);
    const entries = await readdir(place, { withFileTypes: true }).catch((cause: unknown) => {
      throw unreadable(place, cause);
    });
    const inner: [path: string, real: string][] = [];
    for (const entry of entries) {
      const { name } = entry;
      if (isIgnored(name)) continue;
      const path = folder === '' ? name : `${folder}/${name}`;
      const kind = await kindOf(entry, join(place, name));
      if (kind === 'file') (IMAGE.test(name) ? paths : others).push(path);
      else if (kind !== 'folder') skipped.push({ path, reason: kind });
      else {
        const real = entry.isDirectory() ? join(ancestors[0]!, name) : await realpath(join(place, name));
        if (ancestors.includes(real) || isInside(start, real))
          skipped.push({ path, reason: 'a link back to a folder around it' });
        else inner.push([path, real]);
      }
    }
    for (const [path, real] of inner) {
      const count = (visits.get(real) ?? 0) + 1;
      visits.set(real, count);
      if (count > MOST_VISITS) {
        skipped.push({ path, reason: `a link to a folder that ${MOST_VISITS} others lead to` });
        continue;
      }
      folders.push(path);
      await visit(path, [real, ...ancestors]);
    }
  };
  await visit('', [start]);
  const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
  return {
    images: await withStats(root, paths.sort(), skipped),
    folders: folders.sort(),
    others: others.sort(),
    skipped: skipped.sort(byPath),
  };
}

const isInside = (path: string, folder: string): boolean =>
  path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/** `file`, `folder`, or why it is neither. */
async function kindOf(entry: Dirent, path: string): Promise<string> {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  const found = await stat(path).catch(reasonOf);
  if (typeof found === 'string') {
    return found === 'ELOOP' ? 'a link to itself' : `a link that leads nowhere (${found})`;
  }
  if (found.isFile()) return 'file';
  return found.isDirectory() ? 'folder' : 'a pipe, socket or device';
}

/** The system's code of an error. */
const reasonOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? String(cause);

async function withStats(
  root: string,
  paths: readonly string[],
  skipped: { path: string; reason: string }[],
): Promise<FoundImage[]> {
  const found: FoundImage[] = [];
  for (let start = 0; start < paths.length; start += 256) {
    const part = paths.slice(start, start + 256);
    const stats = await Promise.all(part.map((path) => stat(join(root, path)).catch(reasonOf)));
    stats.forEach((one, i) => {
      const path = part[i]!;
      if (typeof one === 'string') skipped.push({ path, reason: `unreadable (${one})` });
      else found.push({ path, size: one.size, modified: Math.round(one.mtimeMs) });
    });
  }
  return found;
}
