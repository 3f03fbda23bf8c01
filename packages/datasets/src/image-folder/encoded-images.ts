import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unreadable } from '../files/verified-file.js';
import type { FoundImage } from './list-images.js';

/** Encoded pictures (JPEG, PNG, WebP) with random access, wherever they lie. */
export interface Pictures {
  readonly count: number;
  /** Names a picture in its collection; stands for its content together with its size. */
  name(index: number): string;
  /** Bytes of the encoded picture. */
  size(index: number): number;
  /** Where a person finds it, for messages. */
  place(index: number): string;
  read(index: number): Promise<Uint8Array>;
  /** Changes whenever a picture could: file sizes and time stamps. */
  readonly version: string;
}

/** Files below a folder. */
export class FilePictures implements Pictures {
  readonly count: number;

  constructor(
    readonly root: string,
    readonly files: readonly FoundImage[],
  ) {
    this.count = files.length;
  }

  get version(): string {
    return this.files.map(({ modified }) => modified).join();
  }

  name(index: number): string {
    return this.files[index]!.path;
  }

  size(index: number): number {
    return this.files[index]!.size;
  }

  place(index: number): string {
    return join(this.root, this.name(index));
  }

  async read(index: number): Promise<Uint8Array> {
    const path = this.place(index);
    return await readFile(path).catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
  }
}
