import type * as Crypto from 'node:crypto';
import type * as Fs from 'node:fs';
import type * as Path from 'node:path';
import { cacheFolder, makeFolder } from '@anc/core/internal';

/** Bytes that all graphs in the folder may take. */
const CAPACITY = 256 * 2 ** 20;

/** Bytes of the digest at the end of a file. */
const DIGEST = 32;

/**
 * Graphs on disk as ONNX Runtime optimized them, so that the next process need not optimize them again: half of what a
 * start of a deep network takes. A file is found by a hash of everything that decides its content: the graph before,
 * and what `conditions` holds (the runtime's version and options, the processor's instructions). It ends with a digest of
 * itself; one that does not fit is not used.
 *
 * The folder is `graphs` in the user's cache. Where it cannot be read or written, every graph is optimized anew.
 */
export class GraphStore {
  private constructor(
    readonly folder: string,
    private readonly conditions: string,
    private readonly capacity: number,
    private readonly fs: typeof Fs.promises,
    private readonly path: typeof Path,
    private readonly crypto: typeof Crypto,
  ) {}

  /** The store in the user's cache; null in a browser. `capacity`: bytes from which on those are removed that were not used for longest. */
  static open(conditions: readonly string[], capacity = CAPACITY): GraphStore | null {
    const folder = cacheFolder();
    if (folder === null) return null;
    const fs = process.getBuiltinModule('node:fs');
    const path = process.getBuiltinModule('node:path');
    const text = [...conditions, processorInstructions(fs)].join('\n');
    return new GraphStore(
      path.join(folder, 'graphs'),
      text,
      capacity,
      fs.promises,
      path,
      process.getBuiltinModule('node:crypto'),
    );
  }

  /** Where the optimized form of a model is, or would be. */
  fileFor(model: Uint8Array): string {
    const hash = this.crypto.createHash('sha256').update(this.conditions).update('\n').update(model);
    return this.path.join(this.folder, `${hash.digest('hex')}.ort`);
  }

  /** The optimized form; null where there is none, or a damaged one. */
  async read(file: string): Promise<Uint8Array | null> {
    try {
      const bytes = await this.fs.readFile(file);
      const content = bytes.subarray(0, Math.max(0, bytes.length - DIGEST));
      if (!this.#digest(content).equals(bytes.subarray(content.length))) return null;
      const now = new Date();
      await this.fs.utimes(file, now, now).catch(() => undefined); // in a folder of somebody else's
      return content;
    } catch {
      return null;
    }
  }

  /** A new file beside `file` that the runtime can write to; null where none can be made. */
  async begin(file: string): Promise<string | null> {
    const begun = `${file}.${this.crypto.randomUUID()}`;
    try {
      await makeFolder(this.folder);
      await this.fs.writeFile(begun, '', { flag: 'wx' });
      return begun;
    } catch {
      return null;
    }
  }

  /** Puts what was written to `begun` in its place, whole, and removes the oldest files where there are too many. */
  async keep(begun: string, file: string): Promise<void> {
    try {
      const content = await this.fs.readFile(begun);
      if (content.length === 0) throw new Error('nothing was written');
      await this.fs.appendFile(begun, this.#digest(content));
      await this.fs.rename(begun, file);
      await this.#trim();
    } catch {
      await this.discard(begun);
    }
  }

  async discard(begun: string): Promise<void> {
    await this.fs.rm(begun, { force: true }).catch(() => undefined);
  }

  async #trim(): Promise<void> {
    const names = await this.fs.readdir(this.folder);
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
      if (bytes > this.capacity) await this.discard(file.path);
    }
  }

  #digest(content: Uint8Array): Buffer {
    return this.crypto.createHash('sha256').update(content).digest();
  }
}

/** What decides which kernels suit this processor: a folder may be shared by several machines. */
function processorInstructions({ readFileSync }: typeof Fs): string {
  const { arch, platform } = process;
  const { cpus } = process.getBuiltinModule('node:os');
  const described = `${platform} ${arch} ${cpus()[0]?.model ?? ''}`;
  try {
    const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
    return `${described} ${flags.trim()}`;
  } catch {
    return described; // not Linux
  }
}
