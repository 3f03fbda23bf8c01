import type { Diagnostics, Tree } from '@anc/core';
import type { TaskDescription } from '@anc/core/internal';
import type { BudgetResult } from '../budget/budget-result.js';
import type { TeacherInspection } from '../planning/inspect-teacher.js';

/** What a time box did, for records: the schedule is a function of it. */
export interface TimeBoxRecord {
  /** Seconds of the run at which training began. */
  readonly from: number;
  /** Seconds of the run at which it was to end. */
  readonly until: number;
  /** At which step of which stage, how many steps the stage was expected to have. */
  readonly revisions: readonly (readonly [stage: number, step: number, steps: number])[];
}

/** A model's part of the JSON document of a run: field names are stable, more may come. Errors and agreement are fractions. */
export interface ModelResult {
  /** Name of the network. */
  readonly model: string;
  /** Of a classifier; null where the test images have no labels, and for other tasks. */
  readonly testError: number | null;
  /** The metrics of other tasks, by name. */
  readonly metrics?: Tree<number>;
  /** Share of test images whose label is not among the five largest logits; only of more than ten classes. */
  readonly testTop5Error?: number;
  /** null where they are not counted: of a teacher that is a function, for one. */
  readonly parameters: number | null;
  /** 2 × multiply-adds + bias additions, for one image; null where they are not counted. */
  readonly flops: number | null;
  /** Training alone. */
  readonly seconds: number;
  /** Of a student that was trained for a time: how long, and how many steps were expected when. */
  readonly timeBox?: TimeBoxRecord;
  /** On the held-out images, after the last epoch; only with `--validation`. */
  readonly validationError?: number | null;
  /** The primary metric of another task than classification, by name, in its place. */
  readonly validation?: Tree<number>;
  /** The epoch that did best on the held-out images; its weights are in `best/` beside the last ones. */
  readonly best?: BestResult;
  /** What ended the training before its last epoch: a hook's request. */
  readonly stopped?: StoppedResult;
  /** The moving average of the weights, which is in `ema/` beside the last ones; only with `--ema`. */
  readonly ema?: AveragedResult;
  /** SHA-256 of the weights file. */
  readonly weights: string;
  /** Size of the smallest file that the run wrote with everything the network needs. */
  readonly bytes: number;
}

/**
 * What the epoch did that was best on the held-out images: by the task's primary metric (a classifier's error) where
 * training reads labels anyway, else by agreement with the teacher. The test images choose nothing.
 */
export interface BestResult {
  /** From 1. */
  readonly epoch: number;
  readonly validationError: number | null;
  readonly validation?: Tree<number>;
  readonly validationAgreement?: number;
  readonly testError: number | null;
  readonly metrics?: Tree<number>;
  readonly agreement?: number;
}

/** Where and why a hook ended a model's training; it was evaluated as it was then. */
export interface StoppedResult {
  /** `run`: no other model was trained after it. */
  readonly stop: 'model' | 'run';
  /** The hook, and the plugin that brought it. */
  readonly by: string;
  readonly plugin: string;
  readonly reason: string;
  /** From 1, over all stages of the method; it may not have ended. */
  readonly epoch: number;
  /** Epochs that the training was to have. */
  readonly epochs: number;
  /** Steps done in the stage. */
  readonly step: number;
}

/** What the moving average of a student's weights does on the test images. */
export interface AveragedResult {
  /** Decay rate of the average; null where the method's options do not say it. */
  readonly decay: number | null;
  readonly testError: number | null;
  /** Of other tasks than classification. */
  readonly metrics?: Tree<number>;
  readonly agreement?: number;
  /** SHA-256 of its weights file. */
  readonly weights: string;
}

/** A student's part of the JSON document of a run. */
export interface StudentResult extends ModelResult {
  /** Name of the method. */
  readonly method: string;
  /**
   * This student's folder under `student/`: the method's name, numbered where a method comes twice, with `-` for what is
   * not allowed in every folder's name.
   */
  readonly name: string;
  /**
   * Share of equal predictions of student and teacher for the test images, as the task compares them; absent where there are
   * none.
   */
  readonly agreement?: number;
  /** Agreement that a constant prediction of the teacher's most frequent class reaches. */
  readonly agreementBaseline?: number;
  /** Cohen's kappa of student and teacher; null where both give one class alone. */
  readonly kappa?: number | null;
  /** Of the last epoch, where a discriminator was trained. */
  readonly diagnostics?: Diagnostics;
}

/** A student whose training diverged: it has no weights and no result. */
export interface DivergedStudent {
  readonly name: string;
  readonly method: string;
  readonly model: string;
  readonly stage: string;
  /** From 1. */
  readonly epoch: number;
  /** Steps done in the stage when it was found. */
  readonly step: number;
  /** What was not finite, and where it began. */
  readonly message: string;
}

/** The JSON document of a run. */
export interface RunResult {
  /** The run folder. */
  readonly run: string;
  /** Name of the dataset. */
  readonly dataset: string;
  /** Name of the dataset that students learned from, where it is another one than they are measured on. */
  readonly transferDataset?: string;
  /** Name of the backend. */
  readonly backend: string;
  /** Random seed. */
  readonly seed: number;
  /** The teacher's result. */
  readonly teacher: ModelResult;
  /** Those that were trained to the end. */
  readonly students: readonly StudentResult[];
  /** What was learned and how it is measured; absent: classification. */
  readonly task?: TaskDescription;
  /** Number of classes. */
  readonly classes?: number;
  /** Path of the run that this one continues; absent where there is none. */
  readonly parent?: string;
  /** The budget that the student was chosen for, and what the student costs; absent where there was none. */
  readonly budget?: BudgetResult;
  /** What a given teacher's predictions for training images look like. */
  readonly teacherCheck?: TeacherInspection;
  /** Those that were not, because their training diverged; absent where there are none. */
  readonly diverged?: readonly DivergedStudent[];
  /** The model after which a hook stopped the run, and why; the models of `notTrained` have no result. */
  readonly stopped?: StoppedResult & { readonly model: string };
  /** Models that were not trained, because a hook stopped the run. */
  readonly notTrained?: readonly string[];
  /** What the numbers do and do not show. */
  readonly interpretation: readonly string[];
  /** Deprecated name of `interpretation`. */
  readonly reading: readonly string[];
}
