import { mkdir, mkdtemp, readdir, readFile, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AncError } from '@anc/core';
import { writeFileAtomically } from './atomic-write.js';
import { folderName } from './folder-name.js';
import { lock } from './lock.js';
import { MetricsLog } from './metrics-log.js';

const CONFIG = 'config.resolved.yaml';
const ENVIRONMENT = 'environment.json';
const METRICS = 'metrics.jsonl';
const RESULT = 'result.json';
const LOCK = '.lock';

const isErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '');

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
 * ```
 */
export class RunFolder {
  readonly path: string;
  readonly metrics: MetricsLog;

  private constructor(path: string) {
    this.path = path;
    this.metrics = new MetricsLog(join(path, METRICS));
  }

  get name(): string {
    return basename(this.path);
  }

  /**
   * Creates a new folder.
   *
   * @throws `ANC_RUN_EXISTS` if `path` exists, `ANC_RUN_UNWRITABLE` if it cannot be created.
   */
  static async create(path: string, config: string): Promise<RunFolder> {
    const folder = new RunFolder(resolve(path));
    try {
      await mkdir(dirname(folder.path), { recursive: true });
    } catch (error) {
      throw unwritableError(folder.path, error);
    }
    try {
      await mkdir(folder.path); // not recursive: fails if it exists, so two runs never share one
    } catch (error) {
      throw isErrno(error, 'EEXIST') ? existsError(folder.path) : unwritableError(folder.path, error);
    }
    await writeFileAtomically(join(folder.path, CONFIG), config);
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
      throw new AncError('ANC_RUN_MISSING', `"${path}" is not a run folder.`, {
        expected: `a folder with ${CONFIG} in it`,
        hint: 'pass a folder that an earlier run printed.',
        cause,
      });
    }
    return folder;
  }

  /** Path of a file inside; its parent folder is created. */
  async place(...parts: readonly string[]): Promise<string> {
    const path = join(this.path, ...parts);
    await mkdir(dirname(path), { recursive: true });
    return path;
  }

  /** Writes a file atomically, and its parent folder if it is missing. Returns the path. */
  async write(parts: string | readonly string[], content: Uint8Array | string): Promise<string> {
    const path = await this.place(...[parts].flat());
    await writeFileAtomically(path, content);
    return path;
  }

  /** Text of a file, or null if it is missing. */
  async read(...parts: readonly string[]): Promise<string | null> {
    try {
      return await readFile(join(this.path, ...parts), 'utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return null;
      throw error;
    }
  }

  /**
   * Locks the folder against other processes until the returned function is called.
   *
   * @throws `ANC_RUN_BUSY` while another process holds the lock.
   */
  lock(): Promise<() => Promise<void>> {
    return lock(join(this.path, LOCK));
  }

  async readConfig(): Promise<string> {
    return (await this.read(CONFIG)) ?? '';
  }

  async writeEnvironment(environment: unknown): Promise<void> {
    await this.write(ENVIRONMENT, `${JSON.stringify(environment, null, 2)}\n`);
  }

  async readEnvironment(): Promise<unknown> {
    const text = await this.read(ENVIRONMENT);
    return text === null ? null : JSON.parse(text);
  }

  async writeResult(result: unknown): Promise<void> {
    await this.write(RESULT, `${JSON.stringify(result, null, 2)}\n`);
  }

  /** Folder of the checkpoints of a model: the teacher or a student, by name. */
  checkpointsOf(model: string): string {
    return join(this.path, 'checkpoints', model);
  }
}

/**
 * Checks that a run folder can be created at `path`, without leaving anything there.
 *
 * @throws `ANC_RUN_EXISTS` or `ANC_RUN_UNWRITABLE`.
 */
export async function assertCreatable(path: string): Promise<void> {
  const target = resolve(path);
  if (await exists(target)) throw existsError(target);
  let ancestor = dirname(target);
  while (!(await exists(ancestor)) && dirname(ancestor) !== ancestor) ancestor = dirname(ancestor);
  try {
    if (!(await stat(ancestor)).isDirectory()) throw new Error(`${ancestor} is not a folder`);
    // Permission bits are not enough: they allow root everything, even in /proc, where nothing can be created.
    await rmdir(await mkdtemp(join(ancestor, '.anc-')));
  } catch (error) {
    throw unwritableError(target, error);
  }
}

/** The first of `<stem>-1`, `<stem>-2`, … that is free under `parent`; `stem` is made a name for folders. */
export async function freeName(parent: string, stem: string): Promise<string> {
  let taken: ReadonlySet<string>;
  try {
    taken = new Set(await readdir(parent));
  } catch {
    taken = new Set(); // missing or not readable, which `assertCreatable` reports
  }
  const safe = folderName(stem);
  let number = 1;
  while (taken.has(`${safe}-${number}`)) number++;
  return `${safe}-${number}`;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw unwritableError(path, error);
  }
}

const existsError = (path: string): AncError =>
  new AncError('ANC_RUN_EXISTS', `the run folder "${path}" exists already.`, {
    hint: `continue it with --resume ${path}, or give another --name.`,
  });

const unwritableError = (path: string, cause: unknown): AncError =>
  new AncError('ANC_RUN_UNWRITABLE', `the run folder "${path}" cannot be created.`, {
    received: cause instanceof Error ? cause.message : String(cause),
    hint: 'give another folder with --out.',
    cause,
  });
