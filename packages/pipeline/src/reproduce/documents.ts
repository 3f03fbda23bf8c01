import type { DivergedMethod } from '../compare/documents.js';
import type { Interval } from '../compare/interval.js';

/** One row: what the paper printed, and what we measured. */
export interface ReproducedRow {
  readonly dataset: string;
  readonly student: string;
  readonly label: string;
  /** What was run for it; null where nothing was. */
  readonly run: string | null;
  /** Fractions. */
  readonly paper: number;
  readonly paperTop5?: number;
  /** Test error over the seeds; null where it was not run. The teacher is trained once, so it has no margin. */
  readonly measured: Interval | null;
  /** The same of the five largest logits, in tables that print it. */
  readonly measuredTop5?: Interval | null;
  readonly note?: string;
}

/** The JSON document of `reproduce`. */
export interface ReproduceResult {
  /** Path of the folder. */
  readonly reproduce: string;
  /** The paper's table, e.g. `table6`. */
  readonly table: string;
  /** Heading of the table. */
  readonly title: string;
  /** Share of the paper's epochs that was trained. */
  readonly scale: number;
  /** The random seeds. */
  readonly seeds: readonly number[];
  /** The comparisons' folders: details and differences are there. */
  readonly comparisons: readonly string[];
  /** The rows of the table, the paper's numbers beside the measured ones. */
  readonly rows: readonly ReproducedRow[];
  /** Methods of the comparisons that have no result, because their training diverged; absent where there are none. */
  readonly diverged?: readonly DivergedMethod[];
  /** Where this differs from the paper's experiment, and what the numbers show. */
  readonly interpretation: readonly string[];
  /** Deprecated name of `interpretation`. */
  readonly reading: readonly string[];
}
