import type { Alarm, Progress, Tree } from '@anc/core';

/** Told of a run as it goes on; prints it, or does not. */
export interface Reporter {
  /** A player starts or goes on. `place`: e.g. 2 of 5. */
  begin(player: string, place: { readonly index: number; readonly count: number }): void;
  step(clock: Progress, batchSize: number): void;
  metrics(metrics: Tree<number>): void;
  epoch(clock: Progress, metrics: Tree<number>, alarms: readonly Alarm[]): void;
  /** Something else takes time: evaluation, loading. */
  activity(what: string, done: number, count: number): void;
  /** A player is done: one line of result. */
  end(line: string): void;
  notice(message: string): void;
  close(): void;
}
