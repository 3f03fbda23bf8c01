import type { Clock } from '../method.js';
import type { Host, Tree } from '../tree.js';
import type { Alarm, Diagnostics } from './alarms.js';

/** Sums of metrics within an epoch, so that an interrupted epoch ends with the same means. */
export interface Tally {
  readonly count: number;
  readonly sums: Tree<number>;
}

/** Where to go on: everything beside the state that the next step depends on. */
export interface Position {
  /** Steps done in this stage. */
  readonly step: number;
  /** The unfinished epoch's metrics so far. */
  readonly tally: Tally;
}

export type TrainingEvent =
  | { readonly type: 'step'; readonly clock: Clock }
  /** Means over the steps since the last one of these; about every `readEvery` steps. */
  | { readonly type: 'metrics'; readonly clock: Clock; readonly metrics: Tree<number> }
  | {
      readonly type: 'epoch';
      readonly clock: Clock;
      readonly metrics: Tree<number>;
      readonly diagnostics: Diagnostics | null;
      readonly alarms: readonly Alarm[];
      readonly position: Position;
      /** Copies the training state to the host. Valid until the next event is asked for. */
      snapshot(): Promise<Tree<Host>>;
    }
  /** The signal was raised: the current step was finished, nothing after it began. Always the last event. */
  | {
      readonly type: 'interrupted';
      readonly clock: Clock;
      readonly position: Position;
      snapshot(): Promise<Tree<Host>>;
    }
  | {
      readonly type: 'done';
      readonly clock: Clock;
      /** Of the last epoch. */
      readonly diagnostics: Diagnostics | null;
      snapshot(): Promise<Tree<Host>>;
    };
