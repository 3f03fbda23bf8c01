import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onDisk } from '../run-folder/disk-error.js';
import type { MetricsRecord } from '../run-folder/metrics-log.js';
import type { RunFolder } from '../run-folder/run-folder.js';
import { scalarsOf } from '../run-folder/scalars.js';
import { TotalSteps } from '../run-folder/total-steps.js';
import { scalarEvent, versionEvent } from './event.js';
import { frameRecord } from './record.js';

/** Options of `ScalarLog`. */
export interface ScalarLogOptions {
  /** Milliseconds since 1970, for the file's name and the events' wall time only. */
  readonly now?: () => number;
}

/**
 * `events.out.tfevents.<seconds>.<run>.anc`: the numbers of metrics.jsonl for TensorBoard, as scalars
 * `<model>/<metric>` over the model's steps through all its stages. The first record creates the file, so every process
 * that trains leaves one; TensorBoard reads them in the order of their names.
 */
export class ScalarLog {
  readonly #folder: RunFolder;
  readonly #now: () => number;
  #file: Promise<string> | null = null;
  #steps: TotalSteps | null = null;

  constructor(folder: RunFolder, { now = Date.now }: ScalarLogOptions = {}) {
    this.#folder = folder;
    this.#now = now;
  }

  /**
   * Writes the numbers of a record that the metrics log already holds; they are in the file when the promise
   * resolves. Call it when the checkpoint of that step is on disk: a step that training repeats after a crash would
   * otherwise appear twice.
   */
  async append(record: MetricsRecord): Promise<void> {
    const step = await this.#totalSteps(record);
    const path = await (this.#file ??= this.#create());
    const bytes = frameRecord(scalarEvent(this.#now() / 1000, step, scalarsOf(record)));
    await onDisk(path, bytes.length, () => appendFile(path, bytes));
  }

  async #totalSteps(record: MetricsRecord): Promise<number> {
    this.#steps ??= new TotalSteps(await this.#folder.metrics.read());
    return this.#steps.of(record);
  }

  async #create(): Promise<string> {
    // Later than every earlier file, even within one second: readers sort by name.
    const before = (await readdir(this.#folder.path)).map((name) =>
      Number(/^events\.out\.tfevents\.(\d+)\./.exec(name)?.[1] ?? 0),
    );
    const seconds = Math.max(Math.floor(this.#now() / 1000), ...before.map((found) => found + 1));
    const name = `events.out.tfevents.${String(seconds).padStart(10, '0')}.${this.#folder.name}.anc`;
    const path = join(this.#folder.path, name);
    const head = frameRecord(versionEvent(this.#now() / 1000));
    await onDisk(path, head.length, () => writeFile(path, head, { flag: 'wx' }));
    return path;
  }
}
