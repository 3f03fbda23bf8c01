import type { TaskDescription } from '@anc/core/internal';
import type { ModelResult } from '../events/documents.js';
import type { Interval } from './interval.js';

/** What a paired difference over the seeds shows. */
export type Verdict = 'better' | 'worse' | 'not-distinguishable' | 'one-seed';

/** One method against a reference that ran with the same seeds, teacher and images. */
export interface Difference {
  /** The reference's name, e.g. `l2`. */
  readonly to: string;
  /** The task's primary metric, `error` for classification; or `agreement`. */
  readonly what: string;
  /** Method minus reference, seed by seed: fractions. */
  readonly difference: Interval;
  readonly verdict: Verdict;
  /** The verdict in words. */
  readonly text: string;
}

/** One method over all seeds. Errors and agreement are fractions. */
export interface ComparedMethod {
  readonly name: string;
  /** The method as it was asked for, its own options included. */
  readonly method: string;
  readonly usesLabels: boolean;
  readonly model: string;
  /** Of classifiers; null where the test images have no labels, and for other tasks. */
  readonly testError: Interval | null;
  /** The metrics of other tasks, by name. */
  readonly metrics?: Readonly<Record<string, Interval>>;
  /** Of more than ten classes. */
  readonly testTop5Error?: Interval;
  readonly agreement: Interval;
  /** Agreement that a constant prediction of the teacher's most frequent class reaches. */
  readonly agreementBaseline?: number;
  /** Cohen's kappa of student and teacher, where every seed has one. */
  readonly kappa?: Interval;
  /** Of training one student. */
  readonly seconds: Interval;
  readonly parameters: number | null;
  /** 2 × multiply-adds + bias additions, for one image. */
  readonly flops: number | null;
  /** Size of the student's smallest stored form. */
  readonly bytes: number;
  /** To `l2` and to `kd`, where they ran. */
  readonly differences: readonly Difference[];
  /** Means over the seeds of the last epoch's game, where there was one. */
  readonly game?: {
    readonly auc: number;
    readonly gradientRatio: number;
    readonly gradientCosine: number;
  };
}

/** A method that has no intervals, because its training diverged with some of the seeds. */
export interface DivergedMethod {
  readonly name: string;
  /** The method as it was asked for, its own options included. */
  readonly method: string;
  readonly usesLabels: boolean;
  /** The seeds with which it diverged. */
  readonly seeds: readonly number[];
  /** What was not finite, with the first of them. */
  readonly message: string;
}

/** The JSON document of `compare`. */
export interface CompareResult {
  /** The folder. */
  readonly compare: string;
  /** The run folder of each seed. */
  readonly runs: readonly string[];
  /** Name of the dataset. */
  readonly dataset: string;
  /** Name of the dataset that students learned from, where it is another one than they are measured on. */
  readonly transferDataset?: string;
  /** Name of the backend. */
  readonly backend: string;
  /** The random seeds. */
  readonly seeds: readonly number[];
  /** Images that the error was measured on. */
  readonly testImages: number;
  /** What was learned and how it is measured; absent: classification. */
  readonly task?: TaskDescription;
  /** Number of classes. */
  readonly classes?: number;
  /** The teacher's result. */
  readonly teacher: ModelResult;
  /** Those that were trained to the end with every seed. */
  readonly methods: readonly ComparedMethod[];
  /** Those that were not; absent where there are none. */
  readonly diverged?: readonly DivergedMethod[];
  /** What the numbers do and do not show. */
  readonly interpretation: readonly string[];
  /** Deprecated name of `interpretation`. */
  readonly reading: readonly string[];
}
