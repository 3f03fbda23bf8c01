import { findVerified } from '../files/find-verified.js';
import { findFile } from '../files/locate.js';
import type { OfficialFile } from '../files/official-file.js';

/** An IDX file, as it is published or unpacked. */
export interface FoundIdx {
  readonly path: string;
  readonly md5: string | null;
  readonly packed: boolean;
}

/**
 * Finds a published IDX file in `places`: packed, or unpacked under the name without `.gz` or with a dot in it
 * (`train-images.idx3-ubyte`). If it is in none of them, also in folders inside the user's own, but there only the very
 * file: another dataset has files of the same names.
 */
export async function findIdx(
  file: OfficialFile,
  places: readonly string[],
  dataDir: string | null,
): Promise<FoundIdx | null> {
  for (const place of places) {
    for (const candidate of formsOf(file)) {
      const path = findFile([place], [candidate.name]);
      if (path !== null) return { path, md5: candidate.md5, packed: candidate.packed };
    }
  }
  return findVerified(formsOf(file), dataDir);
}

function formsOf({ name, md5, unpackedMd5 }: OfficialFile): (Omit<FoundIdx, 'path'> & { name: string })[] {
  const bare = name.replace(/\.gz$/, '');
  const dotted = bare.replace(/-(idx\d)/, '.$1');
  return [
    { name, md5, packed: true },
    { name: bare, md5: unpackedMd5 ?? null, packed: false },
    { name: dotted, md5: unpackedMd5 ?? null, packed: false },
  ].filter((form, i, all) => all.findIndex((other) => other.name === form.name) === i);
}
