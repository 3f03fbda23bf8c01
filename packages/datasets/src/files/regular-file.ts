import { stat } from 'node:fs/promises';

/**
 * Checks, before a path is opened, that it leads to a regular file: opening a pipe waits for its other end, and a device
 * may have no end.
 *
 * @throws an Error that says what it is instead, or what `stat` throws
 */
export async function assertRegularFile(path: string): Promise<void> {
  const stats = await stat(path);
  if (stats.isFile()) return;
  const kind = stats.isDirectory()
    ? 'a folder'
    : stats.isFIFO()
      ? 'a pipe'
      : stats.isSocket()
        ? 'a socket'
        : 'a device';
  throw new Error(`it is ${kind}, not a file`);
}
