import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unreadable } from '../files/verified-file.js';
import type { FoundImage } from './list-images.js';

/** Encoded images (JPEG, PNG, WebP) with random access: files of a folder, or parts of an archive. */
export interface EncodedImages {
  readonly count: number;
  /** Name of an image in its collection. Together with its size, it identifies the content. */
  name(index: number): string;
  /** Size of the encoded image in bytes. */
  size(index: number): number;
  /** Path of an image, for messages. */
  place(index: number): string;
  read(index: number): Promise<Uint8Array>;
  /** File sizes and time stamps: changes whenever an image could have changed. */
  readonly version: string;
}

/** Image files below a folder. */
export class ImageFiles implements EncodedImages {
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
