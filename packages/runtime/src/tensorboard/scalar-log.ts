import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { currentDiagnostics, currentMetrics } from '@anc/core/internal';
import { onDisk } from '../run-folder/disk-error.js';
import type { MetricsRecord } from '../run-folder/metrics-log.js';
import type { RunFolder } from '../run-folder/run-folder.js';
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
  /** Model -> stage -> steps done in it. */
  #steps: Map<string, Map<string, number>> | null = null;

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
    const step = await this.#globalStep(record);
    const path = await (this.#file ??= this.#create());
    const bytes = frameRecord(scalarEvent(this.#now() / 1000, step, scalarsOf(record)));
    await onDisk(path, bytes.length, () => appendFile(path, bytes));
  }

  /** Steps count from zero in every stage; those of the earlier stages are added. */
  async #globalStep({ model, stage, step }: MetricsRecord): Promise<number> {
    if (this.#steps === null) {
      this.#steps = new Map();
      for (const earlier of await this.#folder.metrics.read()) this.#count(earlier);
    }
    const stages = this.#count({ model, stage, step });
    let total = 0;
    for (const [name, steps] of stages) {
      if (name === stage) break;
      total += steps;
    }
    return total + step;
  }

  #count({ model, stage, step }: Pick<MetricsRecord, 'model' | 'stage' | 'step'>): Map<string, number> {
    const stages = this.#steps!.get(model) ?? new Map<string, number>();
    this.#steps!.set(model, stages.set(stage, Math.max(step, stages.get(stage) ?? 0)));
    return stages;
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

/** Numbers by tag, under their current names only. */
function scalarsOf({ model, metrics, diagnostics }: MetricsRecord): Record<string, number> {
  const tagged = (prefix: string, values: object): [string, number][] =>
    Object.entries(values as Record<string, number>).map(([name, value]) => [prefix + name, value]);
  return Object.fromEntries([
    ...tagged(`${model}/`, currentMetrics(metrics ?? {})),
    ...tagged(`${model}/diagnostics/`, diagnostics ? currentDiagnostics(diagnostics) : {}),
  ]);
}
