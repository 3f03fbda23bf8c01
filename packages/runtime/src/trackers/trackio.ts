import { randomUUID } from 'node:crypto';
import { baseOf, jsonNumber, requestJson } from './request.js';
import type { TrackedRow, TrackedRun, Tracker } from './tracker.js';

/** Rows of one request. */
const MOST_ROWS = 500;

/** Collects runs in a project of a Trackio server, by its HTTP API (version 1). */
export class TrackioTracker implements Tracker {
  readonly name = 'trackio';
  readonly address: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param token the server's write token; null: none. */
  constructor(
    url: URL,
    readonly project: string,
    token: string | null,
  ) {
    this.address = baseOf(url);
    this.#headers = token === null ? {} : { 'x-trackio-write-token': token };
  }

  /** A run exists there once it has a row. */
  async begin(): Promise<string> {
    await requestJson('GET', `${this.address}/version`, this.#headers);
    return randomUUID().replaceAll('-', '');
  }

  async describe(): Promise<void> {
    // Every row has the options.
  }

  async resume(): Promise<void> {
    // Trackio has no state of a run that a client sets.
  }

  async send(id: string, run: TrackedRun, rows: readonly TrackedRow[]): Promise<void> {
    const logs = rows.map(({ step, scalars, id: logId }) => ({
      project: this.project,
      run: run.name,
      run_id: id,
      metrics: Object.fromEntries(Object.entries(scalars).map(([key, value]) => [key, jsonNumber(value)])),
      step,
      config: run.options,
      log_id: logId, // a row that is there is not added again
    }));
    for (let i = 0; i < logs.length; i += MOST_ROWS)
      await this.#call('bulk_log', { logs: logs.slice(i, i + MOST_ROWS), hf_token: null });
  }

  async end(): Promise<void> {
    // Trackio has no state of a run that a client sets.
  }

  async #call(name: string, kwargs: object): Promise<void> {
    const body = { args: [], kwargs };
    const { error } = await requestJson<{ readonly error?: string | null }>(
      'POST',
      `${this.address}/api/${name}`,
      this.#headers,
      body,
    );
    if (error !== undefined && error !== null) throw new Error(error);
  }
}
