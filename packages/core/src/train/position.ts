import { decodeNumbers } from '../json/numbers.js';
import type { Tree } from '../tree/tree.js';
import type { MetricAccumulator } from './metric-accumulator.js';
import { currentMetrics } from './metric-names.js';

/** Where training continues: besides the state, everything that the next step depends on. */
export interface Position {
  /** Steps done in this stage. */
  readonly step: number;
  /** The metrics of the unfinished epoch so far. */
  readonly accumulator: MetricAccumulator;
}

/** A position as a checkpoint holds it; earlier versions called the accumulator `tally`. */
interface RecordedPosition {
  readonly step: number;
  readonly accumulator?: RecordedAccumulator;
  readonly tally?: RecordedAccumulator;
}

interface RecordedAccumulator {
  readonly count: number;
  readonly sums: Tree<unknown>;
  readonly counts?: Tree<number>;
}

/**
 * Reads a position out of a checkpoint's JSON, of this version or an earlier one: numbers that JSON cannot hold are
 * decoded, metrics get their current names.
 */
export function readPosition(recorded: unknown): Position {
  const { step, accumulator, tally } = recorded as RecordedPosition;
  const { count, sums, counts } = accumulator ?? tally!;
  const current = currentMetrics(decodeNumbers<Tree<number>>(sums));
  return { step, accumulator: { count, sums: current, ...(counts && { counts }) } };
}
