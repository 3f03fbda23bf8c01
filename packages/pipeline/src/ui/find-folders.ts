import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedFolder } from '@anc/runtime';

/** A folder of a run, or of several. */
export type FoundFolder = Pick<ListedFolder, 'id' | 'kind'>;

/** How deep folders are looked into, and how many are listed. */
const DEPTH = 5;
const MOST = 500;

const RECORDS = {
  'config.resolved.yaml': 'run',
  'compare.yaml': 'compare',
  'tune.yaml': 'tune',
  'reproduce.yaml': 'reproduce',
} as const;

/**
 * The runs, comparisons, tunings and tables in a folder, itself included, by their paths below it. Symbolic links are not
 * followed. A folder that disappears meanwhile is left out.
 */
export async function findFolders(root: string): Promise<FoundFolder[]> {
  const found: FoundFolder[] = [];
  const visit = async (parts: readonly string[]): Promise<void> => {
    if (found.length >= MOST) return;
    const entries = await readdir(join(root, ...parts), { withFileTypes: true }).catch(() => []);
    const files = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
    const kind = Object.entries(RECORDS).find(([record]) => files.has(record))?.[1];
    if (kind !== undefined) found.push({ id: parts.join('/'), kind });
    if (kind === 'run' || parts.length >= DEPTH) return;
    const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    for (const { name } of folders.sort((a, b) => (a.name < b.name ? -1 : 1))) await visit([...parts, name]);
  };
  await visit([]);
  return found;
}
