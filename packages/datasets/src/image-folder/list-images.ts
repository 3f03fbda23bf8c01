import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unreadable } from '../files/verified-file.js';

/** An image file: its path below the listed folder with `/` between, and what tells a changed file. */
export interface FoundImage {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
}

const IMAGE = /\.(jpe?g|png|webp)$/i;

/**
 * All JPEG, PNG and WebP files below `root`, in code-unit order of their paths: the same on every system. Names
 * that start with a dot are passed over. Throws `ANC_DATA_MISSING` where the folder cannot be read.
 */
export async function listImages(root: string): Promise<FoundImage[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(root, cause);
  });
  const paths = entries
    .filter((entry) => !entry.isDirectory() && IMAGE.test(entry.name))
    .map((entry) =>
      join(entry.parentPath, entry.name).slice(root.length).replaceAll('\\', '/').replace(/^\/+/, ''),
    )
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .sort();
  const found: FoundImage[] = [];
  for (let start = 0; start < paths.length; start += 256) {
    const part = paths.slice(start, start + 256);
    const stats = await Promise.all(part.map((path) => stat(join(root, path))));
    stats.forEach(({ size, mtimeMs }, i) =>
      found.push({ path: part[i]!, size, modified: Math.round(mtimeMs) }),
    );
  }
  return found;
}
