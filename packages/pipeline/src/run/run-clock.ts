import type { RunFolder } from '@anc/runtime';

const FILE = ['time.json'] as const;

/** The time that a run has used, over all processes that took part. */
export class RunClock {
  readonly #start: number;

  private constructor(
    readonly folder: RunFolder,
    /** Seconds that earlier processes used. */
    before: number,
    /** Seconds that this process had used when the clock was made. */
    spent: number,
  ) {
    this.#start = performance.now() - 1000 * (before + spent);
  }

  /** The clock of a run, which goes on where the record in its folder ends. */
  static async open(folder: RunFolder, spent: number): Promise<RunClock> {
    const record = await folder.readDocument(
      [...FILE],
      (text) => JSON.parse(text) as { readonly seconds?: unknown },
    );
    const before = record?.seconds;
    return new RunClock(folder, typeof before === 'number' && before > 0 ? before : 0, spent);
  }

  /** Seconds. */
  readonly now = (): number => (performance.now() - this.#start) / 1000;

  /** Records the time in the run folder. */
  async save(): Promise<void> {
    await this.folder.write([...FILE], `${JSON.stringify({ seconds: this.now() })}\n`);
  }
}
