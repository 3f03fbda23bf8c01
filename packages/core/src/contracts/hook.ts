import type { Json } from '../json/json.js';
import type { Tree } from '../tree/tree.js';
import type { Progress } from './method.js';

/** The run that a hook belongs to. */
export interface HookRun {
  /** Absolute path of the run folder. */
  readonly folder: string;
  /** Name of the dataset. */
  readonly dataset: string;
  /** Random seed of the run. */
  readonly seed: number;
  /** Names of the models in order: `teacher`, then the students. A given teacher is among them and is not trained. */
  readonly models: readonly string[];
  /** Shows a warning to whoever follows the run, for a hook that goes on nevertheless. */
  readonly notice?: (message: string) => void;
}

/** The model that is trained. */
export interface HookModel {
  /** `teacher`, or the student's name. */
  readonly name: string;
  /** Whether it is the teacher or one of the students. */
  readonly role: 'teacher' | 'student';
  /** Name of its method. */
  readonly method: string;
  /** Epochs of its whole training, over all stages. */
  readonly epochs: number;
}

/** After a step. */
export interface HookStep {
  /** The model that is trained. */
  readonly model: HookModel;
  /** The stage of its method, counted from 0. */
  readonly stage: { readonly name: string; readonly index: number; readonly count: number };
  /** The step that was handed to the backend. */
  readonly progress: Progress;
  /**
   * Means over the steps since they were last read from the backend, where they were read since the step before; else null. When
   * they are read is a matter of speed: decide in `onEpoch`, whose numbers are always the same.
   */
  readonly metrics: Tree<number> | null;
}

/** After an epoch. `progress.epoch` is the one that has ended, from 0 in every stage. */
export interface HookEpoch extends Omit<HookStep, 'metrics'> {
  /** Means over the epoch, and `validation/…` where images are held out. Nothing here is measured on the test images. */
  readonly metrics: Tree<number>;
  /** Of adversarial training; null for other training. */
  readonly diagnostics: Tree<number> | null;
  /** The metric by which the best epoch is chosen; null where nothing is measured on held-out images. */
  readonly validation: {
    /** Name of the metric. */
    readonly metric: string;
    /** Its value at this epoch. */
    readonly value: number;
    /** Whether a higher or a lower value is better. */
    readonly better: 'lower' | 'higher';
  } | null;
}

/** How a run ended. */
export interface HookEnd {
  /** `stopped`: a hook ended it. `interrupted`: it can be resumed. */
  readonly outcome: 'finished' | 'stopped' | 'interrupted' | 'failed';
  /** The run's result as its JSON document; null where there is none. */
  readonly result: Json;
}

/** A hook's wish to end training. */
export interface StopRequest {
  /** `model`: the training of this model; it is evaluated and written. `run`: that, and no other model is trained. */
  readonly stop: 'model' | 'run';
  /** A clause for people, such as `validation/error has not improved for 5 epochs`. */
  readonly reason: string;
}

/** A hook that asks for nothing may return nothing. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a function without a return statement is one
type Answer = StopRequest | undefined | void;

/**
 * Code that is called while a run goes on: loggers, early stopping. It is called in the order of the list, and awaited. It must
 * change nothing that training depends on, and decide by what it receives alone, so that a run can be repeated and resumed.
 */
export interface RunHook {
  /** Name in error messages and records. */
  readonly name: string;
  /**
   * What happens where it throws. `end`: the run ends with its error, after which it can be resumed from the last checkpoint.
   * `disable`: a warning, and the run goes on without it.
   */
  readonly onError: 'end' | 'disable';
  /** Whether it makes no sense without held-out images; the run then requires them. */
  readonly needsValidation?: boolean;
  /** Before any training, in every process that works on the run. */
  onRunStart?(run: HookRun): void | Promise<void>;
  /** After a step was handed to the backend. */
  onStep?(step: HookStep): Answer | Promise<Answer>;
  /** After an epoch, before its checkpoint. */
  onEpoch?(epoch: HookEpoch): Answer | Promise<Answer>;
  /** When the epoch's checkpoint is on disk: training never repeats what a logger writes here. */
  onEpochSaved?(epoch: HookEpoch): void | Promise<void>;
  /** After the run, however it ended. */
  onRunEnd?(end: HookEnd): void | Promise<void>;
  /** What it must remember of a model's training, for its checkpoints. */
  state?(model: string): Json;
  /**
   * Takes the state out of a checkpoint, before the model's training goes on. `continued`: a hook stopped it there, and a person
   * asked to go on.
   */
  restore?(model: string, state: Json, how: { readonly continued: boolean }): void;
}
