import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AncError } from '@anc/core';
import { writeFileAtomically } from './atomic-write.js';
import { damagedError, recoveryOf } from './damage.js';
import { diskError } from './disk-error.js';
import { assertRegular, readRegular } from './regular-entries.js';

/** The file with the checksums, as `sha256sum -c` reads it. */
export const CHECKSUMS = 'SHA256SUMS';

export const sha256 = (content: Uint8Array | string): string =>
  createHash('sha256').update(content).digest('hex');

/** Digests by path in the folder, with `/`; two while a file is being replaced. */
type Sums = ReadonlyMap<string, readonly string[]>;

/**
 * The SHA-256 of every file of a folder, in `SHA256SUMS`. A file's line is written before the file, so that a file without
 * its line does not come about; while a file is replaced it has two lines. The last line is the checksum of the lines
 * before it. A folder of an earlier version has no such file, and nothing in it can be verified.
 */
export class Checksums {
  #pending: Promise<unknown> = Promise.resolve();

  /** @param folder path of the run folder. */
  constructor(readonly folder: string) {}

  /** Writes a file with `write`, and its line. `name`: its path in the folder, with `/`. */
  record(name: string, content: Uint8Array | string, write: () => Promise<void>): Promise<void> {
    const recorded = this.#pending.then(async () => {
      const digest = sha256(content);
      const before = (await this.#read()) ?? new Map<string, readonly string[]>();
      const known = before.get(name) ?? [];
      const replaced = known.some((other) => other !== digest) && (await isThere(join(this.folder, name)));
      if (replaced) await this.#write(new Map([...before, [name, [...new Set([...known, digest])]]]));
      else if (known.join() !== digest) await this.#write(new Map([...before, [name, [digest]]]));
      await write();
      if (replaced) await this.#write(new Map([...before, [name, [digest]]]));
    });
    this.#pending = recorded.catch(() => undefined);
    return recorded;
  }

  /** Writes a file atomically, and its line. */
  write(name: string, content: Uint8Array | string): Promise<void> {
    return this.record(name, content, () => writeFileAtomically(join(this.folder, name), content));
  }

  /** Text for a folder that is about to be made with these files. */
  static of(files: Readonly<Record<string, string>>): string {
    return format(new Map(Object.entries(files).map(([name, content]) => [name, [sha256(content)]])));
  }

  /** Names of all files that have a line; null in a folder of an earlier version. */
  async names(): Promise<readonly string[] | null> {
    const sums = await this.#read();
    return sums === null ? null : [...sums.keys()];
  }

  /** Whether a content is the one that was recorded; null where nothing is known of the file. */
  async matches(name: string, content: Uint8Array | string): Promise<boolean | null> {
    const known = (await this.#read())?.get(name);
    return known === undefined ? null : known.includes(sha256(content));
  }

  /**
   * Reads a file and verifies it. Null where it is missing.
   *
   * @throws `ANC_RUN_DAMAGED` where it is not what was recorded.
   */
  async readVerified(name: string): Promise<Buffer | null> {
    for (let attempt = 1; ; attempt++) {
      const sums = await this.#read();
      const content = await readRegular(join(this.folder, name)).catch(missingAsNull);
      if (content === null) return null;
      const known = sums?.get(name);
      const digest = sha256(content);
      if (known === undefined || known.includes(digest)) return content;
      if (attempt === 2) throw this.#damaged(name, known, digest); // the first time it may have been replaced meanwhile
    }
  }

  /** The same as text; null where it cannot be read. */
  async readText(name: string): Promise<string | null> {
    try {
      return (await this.readVerified(name))?.toString('utf8') ?? null;
    } catch (error) {
      throw await diskError(join(this.folder, name), null, error, 'read');
    }
  }

  /** Verifies a file without holding it in memory. Returns its digest, null where it is missing. Throws like `readVerified`. */
  async verify(name: string): Promise<string | null> {
    for (let attempt = 1; ; attempt++) {
      const sums = await this.#read();
      const digest = await digestOfFile(join(this.folder, name)).catch(missingAsNull);
      const known = sums?.get(name);
      if (digest === null || known === undefined || known.includes(digest)) return digest;
      if (attempt === 2) throw this.#damaged(name, known, digest);
    }
  }

  #damaged(name: string, known: readonly string[], digest: string): AncError {
    return damagedError(this.folder, name, `SHA-256 ${known.at(-1)!}`, `SHA-256 ${digest}`);
  }

  async #read(): Promise<Sums | null> {
    const content = await readRegular(join(this.folder, CHECKSUMS)).catch(missingAsNull);
    if (content === null) return null;
    const sums = parse(content.toString('utf8'));
    if (sums !== null) return sums;
    throw new AncError('ANC_RUN_DAMAGED', `${join(this.folder, CHECKSUMS)} is damaged.`, {
      expected: 'lines with the checksums of the files beside it',
      received: 'lines that do not have the checksum of its last line',
      hint: recoveryOf(this.folder, CHECKSUMS),
    });
  }

  #write(sums: Sums): Promise<void> {
    return writeFileAtomically(join(this.folder, CHECKSUMS), format(sums));
  }
}

/** A comment to `sha256sum`. */
const OWN = '# these lines: ';

function format(sums: Sums): string {
  const names = [...sums.keys()].sort();
  const lines = names.flatMap((name) => sums.get(name)!.map((digest) => `${digest}  ${name}\n`)).join('');
  return `${lines}${OWN}${sha256(lines)}\n`;
}

/** Null where the text is damaged. */
function parse(text: string): Sums | null {
  const end = text.lastIndexOf(OWN);
  if (end < 0 || text.slice(end) !== `${OWN}${sha256(text.slice(0, end))}\n`) return null;
  const sums = new Map<string, readonly string[]>();
  for (const line of text.slice(0, end).split('\n')) {
    const [, digest, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (digest !== undefined && name !== undefined) sums.set(name, [...(sums.get(name) ?? []), digest]);
  }
  return sums;
}

async function digestOfFile(path: string): Promise<string> {
  await assertRegular(path);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

const isThere = (path: string): Promise<boolean> => access(path).then(() => true, () => false); // prettier-ignore

function missingAsNull(error: unknown): null {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw error;
}
