import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { HookEnd, HookRun, RunHook } from '@anc/core';
import { writeFileAtomically } from '../run-folder/atomic-write.js';
import type { MetricsRecord } from '../run-folder/metrics-log.js';
import { RunFolder } from '../run-folder/run-folder.js';
import { scalarsOf } from '../run-folder/scalars.js';
import { TotalSteps } from '../run-folder/total-steps.js';
import { RefusedRequest } from './request.js';
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
  /** Whether it has the options, or refused them. */
  readonly isDescribed: boolean;
}

/**
 * Sends the numbers of metrics.jsonl to a server when their checkpoint is on disk, while training goes on: only the end of the
 * run waits for the server. It is not needed: where it does not answer, the run goes on, and all records that it lacks are sent
 * with a later epoch, at the end, or when the run is resumed.
 */
export class TrackerHook implements RunHook {
  readonly name: string;
  readonly onError = 'disable';
  readonly #tracker: Tracker;
  #folder: RunFolder | null = null;
  #run: TrackedRun | null = null;
  #notice: (message: string) => void = () => undefined;
  #place: Place | null = null;
  /** Whether the run at the server was begun or resumed here. */
  #isRunning = false;
  /** Those that may be sent. */
  #records: readonly MetricsRecord[] = [];
  #sending: Promise<unknown> | null = null;
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
      name: await nameOf(this.#folder),
      options: asTexts(environment?.options ?? {}),
      startedAt: Date.now(),
    };
    this.#place = await this.#readPlace();
    this.#isRunning = false; // a hook may follow several runs
    await this.#send();
  }

  async onEpochSaved(): Promise<void> {
    await this.#send();
  }

  async onRunEnd({ outcome }: HookEnd): Promise<void> {
    await this.#sending;
    this.#records = await this.#folder!.metrics.read();
    if (!(await this.#deliver(true))) {
      this.#notice(
        `${this.name}: ${this.#tracker.address} did not get all numbers of this run; they are in metrics.jsonl, and sent when the run is resumed.`,
      );
      return;
    }
    await this.#attempt(() => this.#tracker.end(this.#place!.id, outcome));
  }

  /** Delivers what is on disk now, without waiting for the server. */
  async #send(): Promise<void> {
    this.#records = await this.#folder!.metrics.read();
    this.#sending ??= this.#deliver(false)
      .catch(() => undefined) // a notice that cannot be shown
      .finally(() => (this.#sending = null));
  }

  /** Sends what the server lacks. False where that failed. `now`: also where it failed a moment ago. */
  async #deliver(now: boolean): Promise<boolean> {
    if (!now && performance.now() - this.#failedAt < PAUSE) return false;
    const run = this.#run!;
    return this.#attempt(async () => {
      const place = await this.#begun(run);
      for (let { sent } = place; sent !== this.#records.length;) {
        const records = this.#records; // those of a later epoch may come meanwhile
        const steps = new TotalSteps();
        const rows = records.map((record, i): TrackedRow => {
          const step = steps.of(record);
          return { step, time: Date.now(), scalars: scalarsOf(record), id: `${place.id}-${i}` };
        });
        const lacking = rows.slice(sent);
        if (lacking.length > 0) await this.#tracker.send(place.id, run, lacking);
        await this.#keep({ ...place, sent: (sent = records.length) });
      }
    });
  }

  /** The run at the server, begun or resumed, with its options. What failed of it is done by the next attempt. */
  async #begun(run: TrackedRun): Promise<Place> {
    const { address } = this.#tracker;
    if (this.#place === null)
      await this.#keep({ address, id: await this.#tracker.begin(run), sent: 0, isDescribed: false });
    else if (!this.#isRunning) await this.#tracker.resume(this.#place.id);
    this.#isRunning = true;
    const place = this.#place!;
    if (place.isDescribed) return place;
    try {
      await this.#tracker.describe(place.id, run);
    } catch (error) {
      if (!(error instanceof RefusedRequest) || ![400, 413].includes(error.status)) throw error;
      this.#notice(`${this.name}: ${address} does not take the options of this run (${error.message}).`);
    }
    const described = { ...place, isDescribed: true };
    await this.#keep(described);
    return described;
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

/** A run in a comparison or a tuning, whose own name says its seed alone, is named after that folder, too. */
async function nameOf({ path, name }: RunFolder): Promise<string> {
  const parent = dirname(path);
  for (const record of ['compare.yaml', 'tune.yaml'])
    if (await stat(join(parent, record)).catch(() => null)) return `${basename(parent)}-${name}`;
  return name;
}

/** Options as text; those that are not set are left out. */
const asTexts = (options: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(options as Record<string, unknown>).flatMap(([key, value]) =>
      value === null || value === undefined
        ? []
        : [[key, withoutQueries(typeof value === 'string' ? value : JSON.stringify(value))]],
    ),
  );
