import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeNumber, type MetricsRecord } from '../run-folder/metrics-log.js';
import type { RunFolder } from '../run-folder/run-folder.js';
import { scalarEvent, versionEvent } from './event.js';
import { frameRecord } from './record.js';

export interface ScalarLogOptions {
  /** Milliseconds since 1970. Only metadata: of the file's name and of the events. */
  readonly now?: () => number;
}

/**
 * `events.out.tfevents.<seconds>.<run>.anc`: the numbers of metrics.jsonl for TensorBoard, as scalars
 * `<player>/<metric>` over the player's steps through all its stages. The file is made with the first record,
 * so every process that trains leaves one; TensorBoard reads them in the order of their names.
 */
export class ScalarLog {
  readonly #folder: RunFolder;
  readonly #now: () => number;
  #file: Promise<string> | null = null;
  /** Player -> stage -> steps done in it. */
  #steps: Map<string, Map<string, number>> | null = null;

  constructor(folder: RunFolder, { now = Date.now }: ScalarLogOptions = {}) {
    this.#folder = folder;
    this.#now = now;
  }

  /**
   * Writes the numbers of a record that the metrics log already holds; they are in the file when the promise
   * resolves. Call it when the checkpoint of that step is safe: a step that training goes back to would
   * otherwise come twice.
   */
  async append(record: MetricsRecord): Promise<void> {
    const step = await this.#globalStep(record);
    const path = await (this.#file ??= this.#create());
    await appendFile(path, frameRecord(scalarEvent(this.#now() / 1000, step, scalarsOf(record))));
  }

  /** Steps count from zero in every stage; the earlier stages' are added. */
  async #globalStep({ player, stage, step }: MetricsRecord): Promise<number> {
    if (this.#steps === null) {
      this.#steps = new Map();
      for (const earlier of await this.#folder.metrics.read()) this.#count(earlier);
    }
    const stages = this.#count({ player, stage, step });
    let total = 0;
    for (const [name, steps] of stages) {
      if (name === stage) break;
      total += steps;
    }
    return total + step;
  }

  #count({ player, stage, step }: Pick<MetricsRecord, 'player' | 'stage' | 'step'>): Map<string, number> {
    const stages = this.#steps!.get(player) ?? new Map<string, number>();
    this.#steps!.set(player, stages.set(stage, Math.max(step, stages.get(stage) ?? 0)));
    return stages;
  }

  async #create(): Promise<string> {
    // Later than every file before it, even within one second: readers go by the names.
    const before = (await readdir(this.#folder.path)).map((name) =>
      Number(/^events\.out\.tfevents\.(\d+)\./.exec(name)?.[1] ?? 0),
    );
    const seconds = Math.max(Math.floor(this.#now() / 1000), ...before.map((found) => found + 1));
    const name = `events.out.tfevents.${String(seconds).padStart(10, '0')}.${this.#folder.name}.anc`;
    const path = join(this.#folder.path, name);
    await writeFile(path, frameRecord(versionEvent(this.#now() / 1000)), { flag: 'wx' });
    return path;
  }
}

function scalarsOf({ player, metrics, diagnostics }: MetricsRecord): Record<string, number> {
  const named = (prefix: string, values: unknown): [string, number][] =>
    Object.entries(values ?? {}).map(([name, value]) => [prefix + name, decodeNumber(value)]);
  return Object.fromEntries([
    ...named(`${player}/`, metrics),
    ...named(`${player}/diagnostics/`, diagnostics),
  ]);
}
