import { open, type FileHandle } from 'node:fs/promises';
import { AncError } from '@anc/core';
import { corrupt } from '../files/data-error.js';
import type { Pictures } from '../image-folder/encoded-images.js';
import { fileState } from '../files/verification-log.js';
import { unreadable } from '../files/verified-file.js';
import { tarEntries, withTar, type TarEntry } from './tar-index.js';

const IMAGE = /\.(jpe?g|png|webp)$/i;
/** An encoded picture of more bytes is none. */
const MOST_BYTES = 1 << 28;

/** Pictures inside a tar archive, read in place. */
export class TarPictures implements Pictures {
  readonly count: number;
  #handle: Promise<FileHandle> | null = null;

  private constructor(
    readonly path: string,
    readonly entries: readonly TarEntry[],
    readonly version: string,
  ) {
    this.count = entries.length;
  }

  /** Lists an archive of pictures, or of archives of pictures, whose names then stand before the pictures'. */
  static async open(path: string): Promise<TarPictures> {
    const state = await fileState(path).catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    const entries = await withTar(path, async (handle, size) => {
      const found: TarEntry[] = [];
      const add = (entry: TarEntry, folder: string): void => {
        if (entry.size > MOST_BYTES) {
          throw corrupt(path, `${entry.name} is too large`, `at most ${MOST_BYTES} bytes`, `${entry.size}`);
        }
        if (IMAGE.test(entry.name))
          found.push({ ...entry, name: folder + entry.name.replace(/^(\.\/)+/, '') });
      };
      for await (const entry of tarEntries(path, handle, 0, size)) {
        if (!/\.tar$/i.test(entry.name)) {
          add(entry, '');
          continue;
        }
        const folder = `${entry.name.replace(/^.*\//, '').replace(/\.tar$/i, '')}/`;
        for await (const inner of tarEntries(path, handle, entry.offset, entry.size)) add(inner, folder);
      }
      return found;
    });
    entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.offset - b.offset));
    return new TarPictures(path, entries, `${state.size}:${state.modified}`);
  }

  name(index: number): string {
    return this.entries[index]!.name;
  }

  size(index: number): number {
    return this.entries[index]!.size;
  }

  place(index: number): string {
    return `${this.path}: ${this.name(index)}`;
  }

  async read(index: number): Promise<Uint8Array> {
    const { offset, size } = this.entries[index]!;
    const bytes = new Uint8Array(size);
    try {
      const { bytesRead } = await (await this.#open()).read(bytes, 0, size, offset);
      if (bytesRead === size) return bytes;
    } catch (cause) {
      throw unreadable(this.path, cause);
    }
    throw new AncError('ANC_DATA_CORRUPT', `${this.path}: shorter than when it was listed.`);
  }

  /** One handle for as long as the process lives: archives are read at random places. */
  #open(): Promise<FileHandle> {
    this.#handle ??= open(this.path);
    return this.#handle;
  }
}
