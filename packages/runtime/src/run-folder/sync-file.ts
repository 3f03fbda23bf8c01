import { fsync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';

const sync = promisify(fsync);

/** Waits until an open file is on the disk. Yarn's Plug'n'Play replaces file handles by its own, which have no `sync`. */
export const syncFile = (file: FileHandle): Promise<void> =>
  process.versions.pnp === undefined ? file.sync() : sync(file.fd);
