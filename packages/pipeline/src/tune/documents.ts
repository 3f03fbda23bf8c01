import type { TaskDescription } from '@anc/core/internal';
import type { Interval } from '../compare/interval.js';
import type { Difference } from '../compare/documents.js';
import type { MeasuredFields } from './measured.js';
import type { Setting } from './settings.js';

/** One training, judged on the held-out images. Shares are fractions. */
export interface TrialResult extends MeasuredFields {
  readonly setting: Setting;
  readonly seed: number;
  /** With the teacher; null where training diverged. */
  readonly agreement: number | null;
  readonly seconds: number;
}

export interface TunedMethod {
  readonly name: string;
  /** The method as it was asked for, its own options included. */
  readonly method: string;
  readonly usesLabels: boolean;
  /**
   * What its setting was chosen by: `agreement`, or the task's primary metric (`error` of classifiers) where training
   * reads labels anyway.
   */
  readonly by: string;
  readonly tries: readonly TrialResult[];
  /** null where every try diverged. */
  readonly best: TrialResult | null;
  /** The best setting trained with seeds that had no part in its choice; null where none were asked for. */
  readonly confirmed: ({ readonly agreement: Interval } & MeasuredFields<Interval>) | null;
  /** What was confirmed, against the controls in the list; agreement, seed by seed. */
  readonly differences: readonly Difference[];
}

/** The JSON document of `tune`. The test images had no part in any of it. */
export interface TuneResult {
  /** The folder. */
  readonly tune: string;
  /** Name of the dataset. */
  readonly dataset: string;
  /** Name of the backend. */
  readonly backend: string;
  /** Random seed of the search. */
  readonly seed: number;
  /** Random seeds of the confirmation. */
  readonly confirmationSeeds: readonly number[];
  /** Images that students learned from. */
  readonly trainingImages: number;
  /** Held-out training images that settings were compared on. */
  readonly heldOutImages: number;
  /** Of the teacher, on the held-out images. */
  readonly teacherError: number | null;
  /** The primary metric of other tasks than classification, by name. */
  readonly teacherMetrics?: Readonly<Record<string, number>>;
  /** What was learned and how it is measured; absent: classification. */
  readonly task?: TaskDescription;
  /** A configuration with every method at its best setting. */
  readonly found: string;
  /** One entry per method. */
  readonly methods: readonly TunedMethod[];
  /** What the numbers do and do not show. */
  readonly interpretation: readonly string[];
  /** Deprecated name of `interpretation`. */
  readonly reading: readonly string[];
}
