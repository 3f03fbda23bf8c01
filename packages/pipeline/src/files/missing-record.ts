import { stat } from 'node:fs/promises';
import { damagedError, Checksums } from '@anc/runtime';
import type { AncError } from '@anc/core';

/**
 * The error of a folder of several runs whose record is gone, which its checksums name; null where there never was one: it is
 * another folder.
 */
export async function lostRecord(path: string, record: string): Promise<AncError | null> {
  const wasThere = (await new Checksums(path).names())?.includes(record) === true;
  return wasThere ? damagedError(path, record, 'what is to be trained', 'no such file') : null;
}

/** The part of an error about a folder that says that there is none. */
export const ifMissing = async (path: string): Promise<{ readonly received?: string }> =>
  (await stat(path).catch(() => null)) === null ? { received: 'no such folder' } : {};
