import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AncError, isAncError } from '@anc/core';
import { makeFolder } from '@anc/core/internal';
import { writeFileAtomically } from './atomic-write.js';
import { Checksums } from './checksums.js';
import { createFolder, isLeftover } from './create-folder.js';
import { damagedError } from './damage.js';
import { diskError, onDisk } from './disk-error.js';
import { lockFolder, type Lock } from './lock.js';
import { MetricsLog } from './metrics-log.js';
import { readRegular } from './regular-entries.js';

const CONFIG = 'config.resolved.yaml';
const ENVIRONMENT = 'environment.json';
const METRICS = 'metrics.jsonl';
const RESULT = 'result.json';

/** Made again whenever it is wanted, so nobody relies on it. */
const UNVERIFIED = ['report.html'];

/**
 * `runs/<name>/`: all records and results of a run, readable without this program.
 *
 * ```
 * config.resolved.yaml   every option and its value
 * environment.json       versions, backend, device, platform, git, seed
 * metrics.jsonl          one line per epoch of a model
 * checkpoints/<model>/   training state
 * teacher/               weights, model card
 * student/<method>/      weights, model card, result
 * result.json            the run's table
 * SHA256SUMS             checksums of these files, for `sha256sum -c`
 * ```
 *
 * Files are verified when they are read; `ANC_RUN_DAMAGED` names one that is not what the run wrote.
 */
export class RunFolder {
  /** Path of the folder. */
  readonly path: string;
  /** `metrics.jsonl`: the numbers of every epoch. */
  readonly metrics: MetricsLog;
  /** Checksums of the files that the run wrote. */
  readonly checksums: Checksums;
  #lock: Lock | null = null;

  private constructor(path: string) {
    this.path = path;
    this.metrics = new MetricsLog(join(path, METRICS));
    this.checksums = new Checksums(path);
  }

  /** The folder's own name, without its path. */
  get name(): string {
    return basename(this.path);
  }

  /**
   * Creates a new folder, whole or not at all; what a killed process left of one is replaced.
   *
   * @throws `ANC_RUN_EXISTS` if `path` exists, `ANC_RUN_UNWRITABLE` if it cannot be created.
   */
  static async create(path: string, config: string): Promise<RunFolder> {
    const folder = new RunFolder(resolve(path));
    await createFolder(folder.path, { [CONFIG]: config });
    return folder;
  }

  /**
   * Opens a folder that `create` made.
   *
   * @throws `ANC_RUN_MISSING` if `path` is no run folder.
   */
  static async open(path: string): Promise<RunFolder> {
    const folder = new RunFolder(resolve(path));
    try {
      await stat(join(folder.path, CONFIG));
    } catch (cause) {
      const isMissing = ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
      if (!isMissing) throw await diskError(join(folder.path, CONFIG), null, cause, 'read');
      // Work had begun: another file of its beginning is there.
      if (await stat(join(folder.path, ENVIRONMENT)).catch(() => null)) {
        throw damagedError(folder.path, CONFIG, 'the options of the run', 'no such file');
      }
      throw new AncError('ANC_RUN_MISSING', `"${path}" is not a run folder.`, {
        expected: `a folder with ${CONFIG} in it`,
        ...((await stat(folder.path).catch(() => null)) === null ? { received: 'no such folder' } : {}),
        hint: (await isLeftover(folder.path))
          ? 'the run was ended before it had begun: start it again, its folder is used again.'
          : 'pass a folder that an earlier run printed.',
        cause,
      });
    }
    return folder;
  }

  /** Path of a file inside; its parent folder is created. */
  async place(...parts: readonly string[]): Promise<string> {
    const path = join(this.path, ...parts);
    await onDisk(path, null, () => makeFolder(dirname(path)));
    return path;
  }

  /**
   * Writes a file atomically, with its checksum, and its parent folder if it is missing. Returns the path.
   *
   * @throws `ANC_DISK`; `ANC_RUN_BUSY` where another process has taken the folder over.
   */
  async write(parts: string | readonly string[], content: Uint8Array | string): Promise<string> {
    await this.#lock?.assertHeld();
    const names = [parts].flat();
    const path = await this.place(...names);
    const write = (): Promise<void> => writeFileAtomically(path, content);
    if (UNVERIFIED.includes(names.join('/'))) await write();
    else await this.checksums.record(names.join('/'), content, write);
    return path;
  }

  /** Text of a file, or null if it is missing. Throws `ANC_RUN_DAMAGED`. */
  async read(...parts: readonly string[]): Promise<string | null> {
    return (await this.readBytes(...parts))?.toString('utf8') ?? null;
  }

  /** The same as bytes. */
  async readBytes(...parts: readonly string[]): Promise<Buffer | null> {
    try {
      return await this.checksums.readVerified(parts.join('/'));
    } catch (error) {
      throw await diskError(join(this.path, ...parts), null, error, 'read');
    }
  }

  /** A document that `parse` reads, or null if it is missing. Throws `ANC_RUN_DAMAGED` where it cannot be read. */
  async readDocument<T>(parts: readonly string[], parse: (text: string) => T): Promise<T | null> {
    const text = await this.read(...parts);
    if (text === null) return null;
    try {
      return parse(text);
    } catch (error) {
      if (isAncError(error)) throw error;
      const received = error instanceof Error ? error.message : String(error);
      throw damagedError(this.path, parts.join('/'), 'a whole document', received);
    }
  }

  /**
   * Locks the folder against other processes, here and on other machines, until the returned function is called.
   *
   * @throws `ANC_RUN_BUSY` while another process holds the lock.
   */
  async lock(): Promise<() => Promise<void>> {
    const held = await lockFolder(this.path);
    this.#lock = held;
    return async () => {
      this.#lock = null;
      await held.release();
    };
  }

  /** Throws `ANC_RUN_BUSY` where the folder was locked and another process has taken it over. */
  async assertHeld(): Promise<void> {
    await this.#lock?.assertHeld();
  }

  /** The options as they are now: a person may have edited them. See `configIsOriginal`. */
  async readConfig(): Promise<string> {
    const path = join(this.path, CONFIG);
    try {
      return (await readRegular(path)).toString('utf8');
    } catch (cause) {
      if (isAncError(cause)) throw cause;
      throw new AncError('ANC_RUN_UNWRITABLE', `${path} cannot be read.`, {
        received: cause instanceof Error ? cause.message : String(cause),
        hint: 'check the permissions of the folder and of what is in it.',
        cause,
      });
    }
  }

  /** Whether the options are those that the run wrote; null in a folder of an earlier version. */
  async configIsOriginal(): Promise<boolean | null> {
    return this.checksums.matches(CONFIG, await this.readConfig());
  }

  /** Replaces the options. */
  async writeConfig(config: string): Promise<void> {
    await this.write(CONFIG, config);
  }

  /** Writes `environment.json`. */
  async writeEnvironment(environment: unknown): Promise<void> {
    await this.write(ENVIRONMENT, `${JSON.stringify(environment, null, 2)}\n`);
  }

  /** Reads `environment.json`. Throws `ANC_RUN_DAMAGED` where it is not what the run wrote. */
  async readEnvironment(): Promise<unknown> {
    return this.readDocument([ENVIRONMENT], (text): unknown => JSON.parse(text));
  }

  /** Writes `result.json`. */
  async writeResult(result: unknown): Promise<void> {
    await this.write(RESULT, `${JSON.stringify(result, null, 2)}\n`);
  }

  /** Folder of the checkpoints of a model: the teacher or a student, by name. */
  checkpointsOf(model: string): string {
    return join(this.path, 'checkpoints', model);
  }
}
