import { appendFile } from 'node:fs/promises';
import type { Diagnostics, Tree } from '@anc/core';
import {
  currentDiagnostics,
  currentMetrics,
  decodeNumbers,
  encodeNumbers,
  withDeprecatedDiagnostics,
  withDeprecatedMetrics,
  type RecordedDiagnostics,
} from '@anc/core/internal';
import { writeFileAtomically } from './atomic-write.js';
import { onDisk } from './disk-error.js';
import { readRegular } from './regular-entries.js';

/** One line of metrics.jsonl. */
export interface MetricsRecord {
  /** The model that was trained: `teacher`, or a student's name. */
  readonly model: string;
  /** @deprecated The same as `model`: its name in earlier files. */
  readonly player?: string;
  /** Name of the stage. */
  readonly stage: string;
  /** What the record is about, e.g. `epoch`. */
  readonly event: string;
  /** Number of the epoch, from 0. */
  readonly epoch: number;
  /** Steps done over the whole stage. */
  readonly step: number;
  /** Means over the epoch. */
  readonly metrics?: Tree<number>;
  /** Of adversarial training; null for other training. */
  readonly diagnostics?: Diagnostics | null;
  readonly [name: string]: unknown;
}

/**
 * metrics.jsonl: one JSON object per line, only appended to during a run. Non-finite numbers are written as words
 * (`encodeNumbers`), and every record has the deprecated names beside the current ones.
 */
export class MetricsLog {
  readonly #path: string;
  #pending: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Appends in the order of the calls. */
  append(record: MetricsRecord): Promise<void> {
    const line = encodeRecord(record);
    this.#pending = this.#pending.then(() =>
      onDisk(this.#path, line.length, () => appendFile(this.#path, line)),
    );
    return this.#pending;
  }

  /**
   * The records as they were appended, whichever version wrote them. A line that a crash cut short is left out.
   */
  async read(): Promise<MetricsRecord[]> {
    return (await this.#lines()).map(({ record }) => record);
  }

  async #lines(): Promise<{ readonly line: string; readonly record: MetricsRecord }[]> {
    await this.#pending;
    let text: string;
    try {
      text = (await readRegular(this.#path)).toString('utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    return text.split('\n').flatMap((line) => {
      try {
        return line === '' ? [] : [{ line, record: decodeRecord(line) }];
      } catch {
        return [];
      }
    });
  }

  /**
   * Drops the records that `keep` refuses: what was logged after the checkpoint that training resumes from. The others stay
   * as they are.
   */
  async rewind(keep: (record: MetricsRecord) => boolean): Promise<void> {
    const kept = (await this.#lines()).filter(({ record }) => keep(record));
    await writeFileAtomically(this.#path, kept.map(({ line }) => `${line}\n`).join(''));
  }

  /** Takes the records of a model from another log, as they are, in place of its own. Takes nothing where there are none. */
  async take(from: MetricsLog, model: string): Promise<void> {
    const taken = (await from.#lines()).filter(({ record }) => record.model === model);
    if (taken.length === 0) return;
    const kept = (await this.#lines()).filter(({ record }) => record.model !== model);
    await writeFileAtomically(this.#path, [...kept, ...taken].map(({ line }) => `${line}\n`).join(''));
  }
}

/** Fields of a record that hold numbers; JSON has words for those that are not finite. */
const NUMBERS = ['epoch', 'step', 'seconds', 'metrics', 'diagnostics'];

/** A record as it is stored; those of earlier versions have `player` alone. */
interface StoredRecord {
  readonly model?: string;
  readonly player?: string;
  readonly metrics?: Tree<number> | null;
  readonly diagnostics?: RecordedDiagnostics | null;
}

const underBothNames = (model: string): { model: string; player: string } => ({ model, player: model });

function encodeRecord({ model, ...record }: MetricsRecord): string {
  const { metrics, diagnostics } = record;
  const stored = {
    ...underBothNames(model),
    ...record,
    player: model,
    ...(metrics && { metrics: withDeprecatedMetrics(metrics) }),
    ...(diagnostics && { diagnostics: withDeprecatedDiagnostics(diagnostics) }),
  };
  return `${JSON.stringify(encodeNumbers(stored))}\n`;
}

/** Throws if a line is no record. */
function decodeRecord(line: string): MetricsRecord {
  const stored = decodeNumbers<StoredRecord>(JSON.parse(line), NUMBERS);
  const model = stored.model ?? stored.player;
  if (model === undefined) throw new TypeError('a record names its model');
  const { metrics, diagnostics } = stored;
  return {
    ...stored,
    ...underBothNames(model),
    ...(metrics && { metrics: currentMetrics(metrics) }),
    ...(diagnostics && { diagnostics: currentDiagnostics(diagnostics) }),
  } as unknown as MetricsRecord;
}
