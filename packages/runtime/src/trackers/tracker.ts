import type { HookEnd } from '@anc/core';

/** A run as a tracker learns of it. */
export interface TrackedRun {
  /** Name of the run folder; of a run in a comparison or a tuning after that folder's name. */
  readonly name: string;
  /** The run's options by their keys, as text. */
  readonly options: Readonly<Record<string, string>>;
  readonly startedAt: number;
}

/** Numbers of an epoch. */
export interface TrackedRow {
  /** Steps of the model, through all its stages. */
  readonly step: number;
  /** Milliseconds since 1970 at which they were sent. */
  readonly time: number;
  /** By tag; they may be infinite or no numbers. */
  readonly scalars: Readonly<Record<string, number>>;
  /** Identifies the row: one that was received and not acknowledged is sent again. */
  readonly id: string;
}

/** A server that collects the numbers of runs. Every method throws where it does not answer or refuses. */
export interface Tracker {
  /** Name of the server's kind, for messages and the file of the run folder. */
  readonly name: string;
  /** Address without credentials, for messages. */
  readonly address: string;
  /** Begins a run there, by one request. Returns its identifier, by which another process continues it. */
  begin(run: TrackedRun): Promise<string>;
  /** Sends what is known of a run that began, once. Throws RefusedRequest where the server does not take it. */
  describe(id: string, run: TrackedRun): Promise<void>;
  /** Before anything is sent of a run that another process began. */
  resume(id: string): Promise<void>;
  send(id: string, run: TrackedRun, rows: readonly TrackedRow[]): Promise<void>;
  /** After the last row. */
  end(id: string, outcome: HookEnd['outcome']): Promise<void>;
}
