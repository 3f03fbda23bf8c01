import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '@anc/core/internal';
import { onDisk, removeTemporary, temporaryName } from '@anc/runtime';
import { usageFolder } from './usage-folder.js';

/**
 * Makes a model, and the folder with programs that use it where it has one, in a folder apart, and moves both to their
 * places when all is well: the programs first, so that a model is never without them. What fails or is killed leaves
 * nothing in their places but, between the two moves, programs without a model; those count as free (`assertUsageFree`).
 *
 * @param target path of the model, which is free
 * @param usage path of the folder with programs, which is free; null: there is none
 * @param make writes the model to the path that it gets, and the programs to the `usageFolder` of that path
 */
export async function placedTogether<T>(
  target: string,
  usage: string | null,
  make: (target: string) => Promise<T>,
): Promise<T> {
  const folder = dirname(target);
  const apart = temporaryName(target);
  const made = join(apart, basename(target));
  try {
    await onDisk(target, null, () => makeFolder(apart));
    await removeTemporary(folder, (name) => name.startsWith(`${basename(target)}.`));
    const result = await make(made);
    await onDisk(target, null, async () => {
      if (usage !== null) {
        await rm(usage, { recursive: true, force: true });
        await rename(usageFolder(made), usage);
      }
      await rename(made, target);
    });
    return result;
  } finally {
    await rm(apart, { recursive: true, force: true }).catch(() => undefined); // an error of the work is reported
  }
}
