import type { HookEnd } from '@anc/core';
import { baseOf, jsonNumber, RefusedRequest, requestJson } from './request.js';
import type { TrackedRow, TrackedRun, Tracker } from './tracker.js';

/** Limits of a request of MLflow's REST API. */
const MOST_METRICS = 1000;
const MOST_PARAMS = 50; // 100, and 1 MB of text
const LONGEST_PARAM = 6000;

/** How MLflow calls the ends of runs; one that was interrupted may be resumed. */
const STATUS = {
  finished: 'FINISHED',
  stopped: 'FINISHED',
  interrupted: 'KILLED',
  failed: 'FAILED',
} as const;

/** Collects runs in an experiment of an MLflow tracking server, by its REST API (2.0). */
export class MlflowTracker implements Tracker {
  readonly name = 'mlflow';
  readonly address: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param authorization the header of that name; null: none. */
  constructor(
    url: URL,
    readonly experiment: string,
    authorization: string | null,
  ) {
    this.address = baseOf(url);
    this.#headers = authorization === null ? {} : { authorization };
  }

  async begin({ name, startedAt }: TrackedRun): Promise<string> {
    const { run } = await this.#post<{ readonly run: { readonly info: { readonly run_id: string } } }>(
      'runs/create',
      {
        experiment_id: await this.#experiment(),
        run_name: name,
        start_time: startedAt,
        tags: [{ key: 'mlflow.source.name', value: 'anc-cli' }],
      },
    );
    return run.info.run_id;
  }

  async describe(id: string, { options }: TrackedRun): Promise<void> {
    const params = Object.entries(options).map(([key, value]) => ({
      key: keyOf(key),
      value: value.slice(0, LONGEST_PARAM),
    }));
    for (let i = 0; i < params.length; i += MOST_PARAMS)
      await this.#post('runs/log-batch', { run_id: id, params: params.slice(i, i + MOST_PARAMS) });
  }

  async resume(id: string): Promise<void> {
    await this.#post('runs/update', { run_id: id, status: 'RUNNING' });
  }

  async send(id: string, _run: TrackedRun, rows: readonly TrackedRow[]): Promise<void> {
    const metrics = rows.flatMap(({ step, time, scalars }) =>
      Object.entries(scalars).map(([key, value]) => ({
        key: keyOf(key),
        value: jsonNumber(value),
        timestamp: time,
        step,
      })),
    );
    for (let i = 0; i < metrics.length; i += MOST_METRICS)
      await this.#post('runs/log-batch', { run_id: id, metrics: metrics.slice(i, i + MOST_METRICS) });
  }

  async end(id: string, outcome: HookEnd['outcome']): Promise<void> {
    await this.#post('runs/update', { run_id: id, status: STATUS[outcome], end_time: Date.now() });
  }

  /** The experiment's identifier; it is made where there is none. */
  async #experiment(): Promise<string> {
    const query = new URLSearchParams({ experiment_name: this.experiment }).toString();
    try {
      const { experiment } = await requestJson<{
        readonly experiment: { readonly experiment_id: string };
      }>('GET', `${this.address}/api/2.0/mlflow/experiments/get-by-name?${query}`, this.#headers);
      return experiment.experiment_id;
    } catch (error) {
      if (!(error instanceof RefusedRequest) || error.status !== 404) throw error;
    }
    const { experiment_id: made } = await this.#post<{ readonly experiment_id: string }>(
      'experiments/create',
      { name: this.experiment },
    );
    return made;
  }

  #post<T>(path: string, body: unknown): Promise<T> {
    return requestJson('POST', `${this.address}/api/2.0/mlflow/${path}`, this.#headers, body);
  }
}

/** A name that MLflow accepts: letters, digits and `_-. :/`. */
const keyOf = (name: string): string => name.replace(/[^A-Za-z0-9_\-. :/]/g, '_');
