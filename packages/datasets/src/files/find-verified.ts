import { basename, dirname } from 'node:path';
import { isAncError } from '@anc/core';
import { findFile, innerPlaces } from './locate.js';
import { verifyFile } from './verified-file.js';

/** A file as it is published, or one of its forms. */
interface Candidate {
  readonly name: string;
  /** null: not published. */
  readonly md5: string | null;
}

/**
 * The first of these files in the folders inside the user's own, where others may have files of the same names: it must
 * have the published checksum, or lie in a folder of one of the usual names.
 */
export async function findVerified<C extends Candidate>(
  candidates: readonly C[],
  dataDir: string | null,
  folders: readonly string[] = [],
): Promise<(C & { readonly path: string }) | null> {
  for (const place of innerPlaces(dataDir)) {
    for (const candidate of candidates) {
      const path = findFile([place], [candidate.name]);
      if (path === null) continue;
      if (folders.includes(basename(dirname(path))) || (await isVerified(path, candidate.md5)))
        return { ...candidate, path };
    }
  }
  return null;
}

async function isVerified(path: string, md5: string | null): Promise<boolean> {
  if (md5 === null) return false;
  try {
    await verifyFile(path, md5); // remembers files that it has verified
    return true;
  } catch (error) {
    if (isAncError(error)) return false; // another file of that name, or one that cannot be read
    throw error;
  }
}
