import type { ReportSection } from '@anc/runtime';

/** What is finished of a folder of several trainings, before all of them are. */
export interface PartialResult {
  /** Trainings that are finished, and how many are known to be needed. */
  readonly trainings: { readonly finished: number; readonly total: number };
  /** Their results, for a page. */
  readonly sections: readonly ReportSection[];
}

/** `3 of 8 trainings are finished`. */
export const inWords = ({ finished, total }: PartialResult['trainings']): string =>
  `${finished} of ${total} trainings are finished`;
