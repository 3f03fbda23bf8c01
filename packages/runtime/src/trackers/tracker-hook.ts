import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HookEnd, HookRun, RunHook } from '@anc/core';
import { writeFileAtomically } from '../run-folder/atomic-write.js';
import { RunFolder } from '../run-folder/run-folder.js';
import { scalarsOf } from '../run-folder/scalars.js';
import { TotalSteps } from '../run-folder/total-steps.js';
import type { TrackedRow, TrackedRun, Tracker } from './tracker.js';

/** Milliseconds after which a server that failed is tried again. */
const PAUSE = 30_000;

/** What the run folder keeps of a run at a server: `<tracker>.json`. */
interface Place {
  readonly address: string;
  /** The run's identifier there. */
  readonly id: string;
  /** Records of metrics.jsonl that the server has. */
  readonly sent: number;
}

/**
 * Sends the numbers of metrics.jsonl to a server when their checkpoint is on disk. The server is not needed: where it does not
 * answer, the run goes on, and all records that it lacks are sent with a later epoch, at the end, or when the run is resumed.
 */
export class TrackerHook implements RunHook {
  readonly name: string;
  readonly onError = 'disable';
  readonly #tracker: Tracker;
  #folder: RunFolder | null = null;
  #run: TrackedRun | null = null;
  #notice: (message: string) => void = () => undefined;
  #place: Place | null = null;
  #failedAt = -Infinity;

  constructor(tracker: Tracker) {
    this.name = tracker.name;
    this.#tracker = tracker;
  }

  async onRunStart(run: HookRun): Promise<void> {
    this.#folder = await RunFolder.open(run.folder);
    this.#notice = run.notice ?? this.#notice;
    const environment = (await this.#folder.readEnvironment()) as { readonly options?: object } | null;
    this.#run = {
      name: this.#folder.name,
      options: asTexts(environment?.options ?? {}),
      startedAt: Date.now(),
    };
    this.#place = await this.#readPlace();
    await this.#deliver(true);
  }

  async onEpochSaved(): Promise<void> {
    await this.#deliver(false);
  }

  async onRunEnd({ outcome }: HookEnd): Promise<void> {
    if (!(await this.#deliver(true))) {
      this.#notice(
        `${this.name}: ${this.#tracker.address} did not get all numbers of this run; they are in metrics.jsonl, and sent when the run is resumed.`,
      );
      return;
    }
    await this.#attempt(() => this.#tracker.end(this.#place!.id, outcome));
  }

  /** Sends what the server lacks. False where that failed. `now`: also where it failed a moment ago. */
  async #deliver(now: boolean): Promise<boolean> {
    if (!now && performance.now() - this.#failedAt < PAUSE) return false;
    const [run, folder] = [this.#run!, this.#folder!];
    return this.#attempt(async () => {
      if (this.#place === null) {
        await this.#keep({ address: this.#tracker.address, id: await this.#tracker.begin(run), sent: 0 });
      }
      const records = await folder.metrics.read();
      const place = this.#place!;
      const steps = new TotalSteps();
      const rows = records.map((record, i): TrackedRow => {
        const step = steps.of(record);
        return { step, time: Date.now(), scalars: scalarsOf(record), id: `${place.id}-${i}` };
      });
      const lacking = rows.slice(place.sent);
      if (lacking.length > 0) await this.#tracker.send(place.id, run, lacking);
      if (records.length !== place.sent) await this.#keep({ ...place, sent: records.length });
    });
  }

  /** Whether the server did as asked; the first of several failures is a warning. */
  async #attempt(work: () => Promise<void>): Promise<boolean> {
    const isFirst = this.#failedAt === -Infinity;
    try {
      await work();
      this.#failedAt = -Infinity;
      return true;
    } catch (error) {
      this.#failedAt = performance.now();
      const { address } = this.#tracker;
      if (isFirst)
        this.#notice(
          `${this.name}: ${address} cannot be reached (${(error as Error).message}). The run goes on, and is sent when the server answers.`,
        );
      return false;
    }
  }

  async #keep(place: Place): Promise<void> {
    this.#place = place;
    await writeFileAtomically(this.#path, `${JSON.stringify(place, null, 2)}\n`);
  }

  /** The run at the same server, where an earlier process began it. */
  async #readPlace(): Promise<Place | null> {
    try {
      const place = JSON.parse(await readFile(this.#path, 'utf8')) as Place;
      return place.address === this.#tracker.address ? place : null;
    } catch {
      return null; // a first process, or a file that was cut: the run begins there again
    }
  }

  get #path(): string {
    return join(this.#folder!.path, `${this.name}.json`);
  }
}

/** A text whose HTTP addresses have neither passwords nor queries, which may hold keys. */
const withoutQueries = (text: string): string =>
  text.replace(/(https?:\/\/)(?:[^\s"/?#]*@)?([^\s"?#]*)(?:\?[^\s"]*)?/gi, '$1$2');

/** Options as text; those that are not set are left out. */
const asTexts = (options: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(options as Record<string, unknown>).flatMap(([key, value]) =>
      value === null || value === undefined
        ? []
        : [[key, withoutQueries(typeof value === 'string' ? value : JSON.stringify(value))]],
    ),
  );
