import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { assertFree } from '../../files/named-file.js';

/** The folder with a model's fixture and the programs that use it, beside the model. */
export const usageFolder = (target: string): string => `${target}-usage`;

/** Files of the folder. */
export const USAGE_FILES = ['fixture.json', 'usage.mjs', 'usage.py', 'README.md'] as const;

/**
 * The path of the usage folder of a model that is not there. A folder that is left of another export of the model, killed
 * before the model was in its place, counts as free. Throws `ANC_FILE_EXISTS` and `ANC_FILE` as `assertFree` does.
 */
export async function assertUsageFree(named: string, cwd: string): Promise<string> {
  const folder = usageFolder(named);
  const path = resolve(cwd, folder);
  return (await isUsageOf(path, basename(named))) ? path : assertFree(folder, cwd);
}

async function isUsageOf(path: string, model: string): Promise<boolean> {
  try {
    const names: readonly string[] = USAGE_FILES;
    if (!(await readdir(path)).every((name) => names.includes(name))) return false;
    const fixture = JSON.parse(await readFile(join(path, 'fixture.json'), 'utf8')) as { model?: unknown };
    return fixture.model === `../${model}`;
  } catch {
    return false; // it is something else, or not there
  }
}
