import type { Progress } from '../contracts/method.js';
import type { HostTensor, Tree } from '../tree/tree.js';
import type { Alarm } from './alarms.js';
import type { Diagnostics } from './diagnostics.js';
import type { Position } from './position.js';

/** What `train` reports, in order. */
export type TrainingEvent =
  /** A step is done, or was handed to a backend that runs it later. */
  | { readonly type: 'step'; readonly progress: Progress }
  /** Means over the steps since the last event of this type. */
  | { readonly type: 'metrics'; readonly progress: Progress; readonly metrics: Tree<number> }
  | {
      readonly type: 'epoch';
      /** `epoch` is the one that has ended, from 0. */
      readonly progress: Progress;
      /** Means over the epoch. */
      readonly metrics: Tree<number>;
      /** Null where no discriminator was trained. */
      readonly diagnostics: Diagnostics | null;
      /** Problems that the diagnostics show; empty without a discriminator. */
      readonly alarms: readonly Alarm[];
      /** Where training continues from the snapshot. */
      readonly position: Position;
      /** The training state after that step, on the host; every number is finite. */
      snapshot(): Promise<Tree<HostTensor>>;
    }
  /** A checkpoint was due inside an epoch. */
  | {
      readonly type: 'checkpoint';
      /** The step that was done. */
      readonly progress: Progress;
      /** Where training continues from the snapshot. */
      readonly position: Position;
      /** The training state after that step, on the host. */
      snapshot(): Promise<Tree<HostTensor>>;
    }
  /** The signal was raised: the current step was finished, no other was started. Always the last event. */
  | {
      readonly type: 'interrupted';
      /** The last step that was done. */
      readonly progress: Progress;
      /** Where training continues from the snapshot. */
      readonly position: Position;
      /** The training state after that step, on the host. */
      snapshot(): Promise<Tree<HostTensor>>;
    }
  | {
      readonly type: 'done';
      /** The last step. */
      readonly progress: Progress;
      /** Of the last epoch. */
      readonly diagnostics: Diagnostics | null;
      /** The final training state, on the host. */
      snapshot(): Promise<Tree<HostTensor>>;
    };
