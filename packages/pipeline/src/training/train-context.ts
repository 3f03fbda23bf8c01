import type { RankGroup } from '@anc/core/internal';
import type { Backend, Diagnostics, HostTensor, Progress, Variables } from '@anc/core';
import type { RunFolder } from '@anc/runtime';
import type { PluginIdentity } from '../composition/provenance.js';
import type { TrainingData } from '../data/training-data.js';
import type { TimeBoxRecord } from '../events/documents.js';
import type { Emit } from '../events/events.js';
import type { HookRunner } from '../hooks/hook-runner.js';
import type { TrainingOptions } from '../options/run-options.js';
import type { TimeBox } from './time-box.js';
import type { Stopped } from './stopping.js';
import type { BestEpoch, HeldOut, Validation } from './validation.js';

/** Everything besides the model that its training needs. */
export interface TrainContext {
  readonly folder: RunFolder;
  readonly hooks: HookRunner;
  /** Whether training goes on that a hook had stopped. */
  readonly continueStopped?: boolean;
  readonly data: TrainingData;
  readonly backend: Backend;
  readonly batchSize: number;
  /** Steps of an epoch where the model is a student; default: one pass over the images, and 100 where there are none. */
  readonly stepsPerEpoch?: number | undefined;
  /** The frozen teacher's variables, for stages that apply it; null where it is no network. */
  readonly teacherVariables?: Variables<HostTensor> | null;
  /** Called at the end of every epoch of a stage that generates images, with some of them. */
  readonly onGenerated?: (images: HostTensor, progress: Progress) => Promise<void>;
  /** The other ranks, where several processes train together. */
  readonly ranks?: RankGroup | undefined;
  /** Batch norm on several ranks; default: synchronized. */
  readonly batchNorm?: TrainingOptions['batchNorm'];
  /** Micro-batches of a batch; default: 1. */
  readonly accumulate?: number;
  readonly seed: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Runs after every epoch of the last stage; null without held-out images. */
  readonly validation: Validation | null;
  /** Keeps the weights of the best epoch so far. */
  readonly keepBest: (variables: Variables<HostTensor>) => Promise<void>;
  /** Whether what `keepBest` kept is there; without it, it is. */
  readonly hasBest?: () => Promise<boolean>;
  /** Minutes between checkpoints inside an epoch; default: 5. */
  readonly checkpointMinutes?: number;
  /** Where training has a time rather than a number of epochs. */
  readonly timed?: TimedTraining | undefined;
  /** Plugins that have a share in the training, recorded with checkpoints. */
  readonly plugins?: readonly PluginIdentity[];
}

/** What the training of a model for a time needs of its run. */
export interface TimedTraining {
  /** The model's time, which goes on as a checkpoint recorded it. */
  open(before: TimeBoxRecord | null): Promise<TimeBox>;
  /** A checkpoint was written. */
  saved(): Promise<void>;
  /** Receives the weights after every epoch, so that there is something to export. */
  exportable(variables: Variables<HostTensor>): Promise<void>;
}

/** What `trainModel` returns. */
export interface TrainedModel {
  readonly variables: Variables<HostTensor>;
  /** The moving average of the weights; null where none is kept. */
  readonly averaged: Variables<HostTensor> | null;
  /** Of the last epoch of the last stage. */
  readonly diagnostics: Diagnostics | null;
  /** After the last epoch; null without held-out images. */
  readonly held: HeldOut | null;
  /** The best epoch on the held-out images; `keepBest` received its weights. */
  readonly best: BestEpoch | null;
  /** What ended the training before its last epoch; null where nothing did. */
  readonly stopped: Stopped | null;
  /** Duration of training, over all processes that took part. */
  readonly seconds: number;
  /** How long it was to last, and how many steps were expected when; null where it had a number of epochs. */
  readonly timeBox: TimeBoxRecord | null;
}
