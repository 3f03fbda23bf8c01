import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedFolder } from '@anc/runtime';

/** A folder of a run, or of several. */
export type FoundFolder = Pick<ListedFolder, 'id' | 'kind'>;

export interface FoundFolders {
  /** Run 10 comes after run 9. */
  readonly folders: readonly FoundFolder[];
  /** False where there was too much to look at all of it. */
  readonly isWhole: boolean;
}

/** How deep folders are looked into, how many are listed, and how many are looked into. */
const DEPTH = 5;
export const MOST_LISTED = 500;
const MOST_VISITED = 5000;

const RECORDS = {
  'config.resolved.yaml': 'run',
  'compare.yaml': 'compare',
  'tune.yaml': 'tune',
  'reproduce.yaml': 'reproduce',
} as const;

const ORDER = new Intl.Collator('en', { numeric: true });

/**
 * The runs, comparisons, tunings and tables in a folder, itself included, by their paths below it. Symbolic links are not
 * followed, `node_modules` and hidden folders are left out. A folder that disappears meanwhile is left out.
 */
export async function findFolders(
  root: string,
  { mostListed = MOST_LISTED, mostVisited = MOST_VISITED } = {},
): Promise<FoundFolders> {
  const found: FoundFolder[] = [];
  const walk = { visited: 0, isWhole: true };
  const visit = async (parts: readonly string[]): Promise<void> => {
    if (found.length > mostListed || walk.visited >= mostVisited) {
      walk.isWhole = false;
      return;
    }
    walk.visited++;
    const entries = await readdir(join(root, ...parts), { withFileTypes: true }).catch(() => []);
    const files = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
    const kind = Object.entries(RECORDS).find(([record]) => files.has(record))?.[1];
    if (kind !== undefined) found.push({ id: parts.join('/'), kind });
    if (kind === 'run' || parts.length >= DEPTH) return;
    const folders = entries.filter(
      (entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules',
    );
    for (const { name } of folders.sort(
      (a, b) => ORDER.compare(a.name, b.name) || (a.name < b.name ? -1 : 1),
    ))
      await visit([...parts, name]);
  };
  await visit([]);
  return { folders: found.slice(0, mostListed), isWhole: walk.isWhole && found.length <= mostListed };
}
