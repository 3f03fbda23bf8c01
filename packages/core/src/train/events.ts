import type { Progress } from '../contracts/method.js';
import type { HostTensor, Tree } from '../tree/tree.js';
import type { Alarm } from './alarms.js';
import type { Diagnostics } from './diagnostics.js';

/** Sums of metrics within an epoch, so that an interrupted epoch ends with the same means. */
export interface MetricAccumulator {
  readonly count: number;
  readonly sums: Tree<number>;
}

/** Where to go on: everything beside the state that the next step depends on. */
export interface Position {
  /** Steps done in this stage. */
  readonly step: number;
  /** The unfinished epoch's metrics so far. */
  readonly tally: MetricAccumulator;
}

export type TrainingEvent =
  | { readonly type: 'step'; readonly clock: Progress }
  /** Means over the steps since the last one of these; about every `readEvery` steps. */
  | { readonly type: 'metrics'; readonly clock: Progress; readonly metrics: Tree<number> }
  | {
      readonly type: 'epoch';
      readonly clock: Progress;
      readonly metrics: Tree<number>;
      readonly diagnostics: Diagnostics | null;
      readonly alarms: readonly Alarm[];
      readonly position: Position;
      /** Copies the training state to the host. Valid until the next event is asked for. */
      snapshot(): Promise<Tree<HostTensor>>;
    }
  /** The signal was raised: the current step was finished, nothing after it began. Always the last event. */
  | {
      readonly type: 'interrupted';
      readonly clock: Progress;
      readonly position: Position;
      snapshot(): Promise<Tree<HostTensor>>;
    }
  | {
      readonly type: 'done';
      readonly clock: Progress;
      /** Of the last epoch. */
      readonly diagnostics: Diagnostics | null;
      snapshot(): Promise<Tree<HostTensor>>;
    };
