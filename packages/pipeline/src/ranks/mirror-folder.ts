import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { makeFolder } from '@anc/core/internal';
import type { RankGroup } from '@anc/core/internal';

/** Entries of a process that holds the folder. */
const isOwn = (name: string): boolean => !name.startsWith('.lock');

/**
 * Copies the files of a folder of rank 0 to folders of the other ranks, which may be on other machines.
 *
 * @param folder on rank 0 what is copied, on the others where it goes
 */
export async function mirrorFolder(ranks: RankGroup, folder: string): Promise<void> {
  const files = await ranks.share(() => filesIn(folder));
  for (const file of files) {
    const path = join(folder, ...file.split('/'));
    const own = ranks.rank === 0 ? await ranks.guard(() => readFile(path)) : new Uint8Array();
    const bytes = await ranks.broadcast(own, 0);
    if (ranks.rank === 0) continue;
    await ranks.guard(async () => {
      await makeFolder(dirname(path));
      await writeFile(path, bytes);
    });
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && isOwn(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}
