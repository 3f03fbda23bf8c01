import { constants, openSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/**
 * Checks, before a path is opened, that it leads to a file: opening a pipe waits for its other end, and a device may have
 * no end. A folder passes: opening or reading it fails by itself.
 *
 * @throws an Error that says what it is instead, or what `stat` throws
 */
function assertNotSpecial(path: string): void {
  const stats = statSync(path);
  if (stats.isFile() || stats.isDirectory()) return;
  const kind = stats.isFIFO() ? 'a pipe' : stats.isSocket() ? 'a socket' : 'a device';
  throw new Error(`it is ${kind}, not a file`);
}

/** Opens a file for reading, and waits for nobody: should it become a pipe meanwhile, that is opened without its end. */
export function openRegularFile(path: string): number {
  assertNotSpecial(path);
  const { O_NONBLOCK: notWaiting = 0 } = constants as Partial<typeof constants>; // Windows has none
  return openSync(path, constants.O_RDONLY | notWaiting);
}

/** The bytes of a file. Throws as `openRegularFile` and `readFile` do. */
export async function readRegularFile(path: string): Promise<Buffer> {
  assertNotSpecial(path);
  return await readFile(path);
}
