import { join } from 'node:path';
import { Rng } from '@anc/core';
import { readImageHeader } from './decode.js';
import { interpretWholeFolder, type ReadingOptions } from './interpret-folder.js';

/** The sizes of the images of a folder, from the headers of a sample of its files. */
export interface FolderSizes {
  /** Images in the folder, and how many of their headers were read. */
  readonly total: number;
  /** Images whose headers were read. */
  readonly looked: number;
  /** [height, width] of every image that was read; null where they differ. */
  readonly common: readonly [height: number, width: number] | null;
  /** Distinct sizes, the most frequent first. */
  readonly sizes: readonly (readonly [height: number, width: number])[];
  /** 1 where every image is gray, else 3. */
  readonly channels: 1 | 3;
}

/** Headers that are read at most. */
const MOST = 500;

/**
 * Reads the sizes of a folder's images without decoding them, upright according to their EXIF orientation. Images that
 * the folder's interpretation leaves out do not count, nor do files without a readable header.
 *
 * @throws `ANC_DATA_MISSING` if the folder cannot be read, `ANC_MISSING_PACKAGE` without sharp.
 */
export async function folderSizes(
  root: string,
  how: Partial<Pick<ReadingOptions, 'labelled' | 'splits'>> = {},
): Promise<FolderSizes> {
  const { parts } = await interpretWholeFolder(root, how);
  const files = Object.values(parts).flatMap(({ root: of, files: some }) =>
    some.map(({ path }) => join(of, path)),
  );
  const chosen = Rng.fromSeed(1).split('folder sizes').permutation(files.length).slice(0, MOST);
  const counts = new Map<string, number>();
  let [looked, colored] = [0, 0];
  for (let start = 0; start < chosen.length; start += 32) {
    const headers = await Promise.all(
      [...chosen.subarray(start, start + 32)].map((index) =>
        readImageHeader(files[index]!).catch(() => null),
      ),
    );
    for (const header of headers) {
      if (header === null) continue;
      const { height, width, isGray } = header;
      const size = `${height} ${width}`;
      counts.set(size, (counts.get(size) ?? 0) + 1);
      looked++;
      if (!isGray) colored++;
    }
  }
  const sizes = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([size]) => size.split(' ').map(Number) as unknown as readonly [number, number]);
  return {
    total: files.length,
    looked,
    common: sizes.length === 1 ? sizes[0]! : null,
    sizes,
    channels: looked > 0 && colored === 0 ? 1 : 3,
  };
}
