import type * as Fs from 'node:fs';
import type * as Crypto from 'node:crypto';
import type * as Path from 'node:path';
import { cacheFolder } from '@anc/core/internal';
import { orderedJson } from './ordered-json.js';

/** Bytes that all files in the folder may take. */
const CAPACITY = 256 * 2 ** 20;

/** Begins every file; the number changes with the format. */
const MAGIC = 'ANCSTEP1';
/** Bytes of the length of the description, and of the digest at the end. */
const [LENGTH, DIGEST] = [4, 32];

/** Names of files of this store: of a step, and of one that is being written. Whatever else is in the folder is somebody else's. */
const OWN = /^[0-9a-f]{64}\.step(\.[0-9a-f-]{36})?$/;

/** What is kept of a step. */
export interface StoredStep {
  /** Whatever is known of it, as JSON holds it. */
  readonly about: unknown;
  /** Its graph, in a buffer of its own. */
  readonly model: Uint8Array<ArrayBuffer>;
}

/**
 * Compiled steps on disk, so that the next process need not trace and rewrite them again. A file is found by a hash of everything
 * that its content depends on, and ends with a digest of itself; one that does not fit is not used. Files appear whole, by a
 * rename.
 *
 * The folder is `steps` in the user's cache. Where it cannot be read or written, every step is compiled anew.
 */
export class StepStore {
  private constructor(
    /** Where the files are. */
    readonly folder: string,
    private readonly capacity: number,
    private readonly fs: typeof Fs.promises,
    private readonly path: typeof Path,
    private readonly crypto: typeof Crypto,
  ) {}

  /**
   * The store in the user's cache; null in a browser, and where `ANC_STEP_CACHE` is `off`.
   *
   * @param capacity bytes from which on those files are removed that were not used for longest
   */
  static open(capacity = CAPACITY): StepStore | null {
    const folder = cacheFolder();
    if (folder === null || process.env['ANC_STEP_CACHE'] === 'off') return null;
    const path = process.getBuiltinModule('node:path');
    const { promises } = process.getBuiltinModule('node:fs');
    return new StepStore(
      path.join(folder, 'steps'),
      capacity,
      promises,
      path,
      process.getBuiltinModule('node:crypto'),
    );
  }

  /**
   * The name under which a step is kept.
   *
   * @param parts everything that its content depends on, as JSON holds it; the order of entries makes no difference
   */
  keyOf(parts: readonly unknown[]): string {
    return this.crypto.createHash('sha256').update(orderedJson(parts)).digest('hex');
  }

  /** What is kept under a key; null where there is nothing, or a damaged file. */
  async read(key: string): Promise<StoredStep | null> {
    const file = this.#fileOf(key);
    try {
      const bytes = await this.fs.readFile(file);
      const content = bytes.subarray(0, Math.max(0, bytes.length - DIGEST));
      if (!this.#digest(content).equals(bytes.subarray(content.length))) return null;
      if (content.toString('latin1', 0, MAGIC.length) !== MAGIC) return null;
      const begin = MAGIC.length + LENGTH;
      const end = begin + content.readUInt32LE(MAGIC.length);
      const described = JSON.parse(content.toString('utf8', begin, end)) as { key: string; about: unknown };
      if (described.key !== key) return null; // renamed by somebody
      const now = new Date();
      void this.fs.utimes(file, now, now).catch(() => undefined); // in a folder of somebody else's
      return { about: described.about, model: new Uint8Array(content.subarray(end)) };
    } catch {
      return null;
    }
  }

  /** Keeps a step where that is possible, and removes the oldest files where there are too many. The model is copied at once. */
  async write(key: string, { about, model }: StoredStep): Promise<void> {
    const file = this.#fileOf(key);
    const begun = `${file}.${this.crypto.randomUUID()}`;
    const described = Buffer.from(JSON.stringify({ key, about }));
    const length = Buffer.alloc(LENGTH);
    length.writeUInt32LE(described.length);
    const content = Buffer.concat([Buffer.from(MAGIC), length, described, model]);
    try {
      await this.#makeFolder(this.folder);
      await this.fs.writeFile(begun, [content, this.#digest(content)], { flag: 'wx' });
      await this.fs.rename(begun, file);
      await this.#trim();
    } catch {
      await this.#remove(begun);
    }
  }

  async #trim(): Promise<void> {
    const names = (await this.fs.readdir(this.folder)).filter((name) => OWN.test(name));
    const files = await Promise.all(
      names.map(async (name) => {
        const path = this.path.join(this.folder, name);
        const found = await this.fs.stat(path).catch(() => null); // another process removed it
        return found === null ? [] : [{ path, bytes: found.size, used: found.mtimeMs }];
      }),
    );
    let bytes = 0;
    for (const file of files.flat().sort((a, b) => b.used - a.used)) {
      bytes += file.bytes;
      if (bytes > this.capacity) await this.#remove(file.path);
    }
  }

  /** Makes a folder, and those above it. Node's own recursion does not end where a file system refuses to have it, such as /proc. */
  async #makeFolder(folder: string): Promise<void> {
    const make = (): Promise<void> => this.fs.mkdir(folder);
    await make().catch(async (error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return;
      if (code !== 'ENOENT') throw error;
      await this.#makeFolder(this.path.dirname(folder));
      await make().catch((again: unknown) => {
        if ((again as NodeJS.ErrnoException).code !== 'EEXIST') throw again; // another process made it
      });
    });
  }

  async #remove(path: string): Promise<void> {
    await this.fs.rm(path, { force: true }).catch(() => undefined);
  }

  #fileOf(key: string): string {
    return this.path.join(this.folder, `${key}.step`);
  }

  #digest(content: Uint8Array): Buffer {
    return this.crypto.createHash('sha256').update(content).digest();
  }
}
