import type { Alarm, Diagnostics, Progress, Tree } from '@anc/core';
import type { TaskDescription } from '@anc/core/internal';
import type { ModelResult, StudentResult } from './documents.js';

/** A teacher or student of a run. */
export type ModelRole = 'teacher' | 'student';

/** What a run is going to do, sent before any work. */
export interface PlanSummary {
  /** The run folder, or null where nothing is written. */
  readonly folder: string | null;
  /** Name of the dataset. */
  readonly dataset: string;
  /** Name of the backend. */
  readonly backend: string;
  /** Images that students learn from. */
  readonly trainingImages: number;
  /** Images that models are tested on. */
  readonly testImages: number;
  /** Names of the models in order: `teacher`, then the students. */
  readonly models: readonly string[];
}

/**
 * What a run reports while it goes on. `scope` says which of several runs an event belongs to, e.g. `seed 3 (1 of 5)`;
 * `worker` which of several processes, counted from 0, where they share the work.
 */
export type RunEvent = { readonly scope?: string; readonly worker?: number } & (
  | { readonly type: 'plan'; readonly plan: PlanSummary }
  /** Work on a model begins or goes on. `index` counts from 1. */
  | {
      readonly type: 'model';
      /** Name of the model. */
      readonly model: string;
      /** Whether it is the teacher or a student. */
      readonly role: ModelRole;
      /** Its number among the models, from 1. */
      readonly index: number;
      /** Number of models. */
      readonly count: number;
      /** What is measured; absent: classification. */
      readonly task?: TaskDescription;
    }
  /** A training step was done. */
  | {
      readonly type: 'step';
      /** Name of the model. */
      readonly model: string;
      /** The stage of its method. */
      readonly stage: StagePlace;
      /** The step that was done. */
      readonly progress: Progress;
      /** Images per batch. */
      readonly batchSize: number;
    }
  /** Means over the steps since the last event of this type. */
  | { readonly type: 'metrics'; readonly model: string; readonly metrics: Tree<number> }
  | {
      readonly type: 'epoch';
      /** Name of the model. */
      readonly model: string;
      /** The stage of its method. */
      readonly stage: StagePlace;
      /** The epoch that ended. */
      readonly progress: Progress;
      /** Means over the epoch, by name. */
      readonly metrics: Tree<number>;
      /** Of adversarial training; null for other training. */
      readonly diagnostics: Diagnostics | null;
      /** Problems that the diagnostics show. */
      readonly alarms: readonly Alarm[];
    }
  /** Other work that takes time: evaluation, downloads, measurements. */
  | { readonly type: 'activity'; readonly what: string; readonly done: number; readonly count: number }
  /** A model is finished. `trained`: in this process; false where its result was read. */
  | {
      readonly type: 'result';
      /** Name of the model. */
      readonly model: string;
      /** Whether it is the teacher or a student. */
      readonly role: ModelRole;
      /** Its result. */
      readonly result: ModelResult | StudentResult;
      /** Whether it was trained in this process. */
      readonly trained: boolean;
    }
  /** A line about the course of the work. */
  | { readonly type: 'message'; readonly message: string }
  /**
   * Something that a person should know or act on. About an option: its path, and the message without the option's name,
   * so that a caller can name it in its own way.
   */
  | {
      readonly type: 'notice';
      /** One or more sentences. */
      readonly message: string;
      /** Path of the option that it is about. */
      readonly path?: readonly PropertyKey[];
      /** The message without the option's name in front. */
      readonly problem?: string;
    }
);

/** A stage of a method: its name where the method has several. */
export interface StagePlace {
  /** Name of the stage. */
  readonly name: string;
  /** Its number, from 1. */
  readonly index: number;
  /** Number of stages. */
  readonly count: number;
}

/** Receives the events of a run. */
export type Emit = (event: RunEvent) => void;

/** The same receiver for one of several runs. */
export const scoped =
  (emit: Emit, scope: string): Emit =>
  (event) =>
    emit({ ...event, scope: event.scope === undefined ? scope : `${scope}, ${event.scope}` });
