import { appendFile, readFile } from 'node:fs/promises';
import { writeFileAtomically } from './atomic-write.js';

/** A number as it is written: JSON has no NaN or Infinity, and `null` would hide a divergence. */
export type LoggedNumber = number | 'NaN' | 'Infinity' | '-Infinity';

/** One line of metrics.jsonl. */
export interface MetricsRecord {
  /** Who was training: `teacher`, or a student's name. */
  readonly player: string;
  readonly stage: string;
  readonly event: string;
  readonly epoch: number;
  /** Steps done over the whole stage. */
  readonly step: number;
  readonly [name: string]: unknown;
}

/** Numbers of any depth in a form that survives JSON. */
export function encodeNumbers(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(encodeNumbers);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, encodeNumbers(inner)]));
  }
  return value;
}

/** Undoes `encodeNumbers` for one value. */
export function decodeNumber(value: unknown): number {
  return typeof value === 'number' ? value : Number(value);
}

/** metrics.jsonl: one JSON object per line, only ever appended to while a run goes on. */
export class MetricsLog {
  readonly #path: string;
  #pending: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Appends in the order of the calls. */
  append(record: MetricsRecord): Promise<void> {
    const line = `${JSON.stringify(encodeNumbers(record))}\n`;
    this.#pending = this.#pending.then(() => appendFile(this.#path, line));
    return this.#pending;
  }

  /** Every whole line; a line that a crash cut short is left out. */
  async read(): Promise<MetricsRecord[]> {
    await this.#pending;
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    return text.split('\n').flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as MetricsRecord];
      } catch {
        return [];
      }
    });
  }

  /** Drops the records that `keep` refuses: what was logged after the checkpoint that training resumes from. */
  async rewind(keep: (record: MetricsRecord) => boolean): Promise<void> {
    const kept = (await this.read()).filter(keep);
    await writeFileAtomically(this.#path, kept.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }
}
