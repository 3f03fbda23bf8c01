import type { RunFolder } from '@anc/runtime';
import type { RunOptions } from '../options/run-options.js';

type Precision = RunOptions['compute']['precision'];

/** A backend in environment.json. */
interface BackendRecord {
  readonly name: string;
  /** Left out by backends without a choice, and by records of versions without one: float32. */
  readonly trainingPrecision?: Precision;
}

interface Environment {
  /** The students' backend. */
  readonly backend?: BackendRecord;
  /** The teacher's, where it is another one. */
  readonly teacherBackend?: BackendRecord;
}

/**
 * The options of a run to resume, with the precision of training steps that it began with where the options leave it to the
 * processor: another one may choose differently, and so may a later version. Where teacher and students began with different
 * ones, each backend chooses again.
 */
export async function withRecordedPrecision(options: RunOptions, folder: RunFolder): Promise<RunOptions> {
  const { compute, student } = options;
  if (compute.precision !== undefined && compute.precision !== 'auto') return options;
  const { backend, teacherBackend } = ((await folder.readEnvironment()) ?? {}) as Environment;
  if (backend === undefined) return options;
  const precision = backend.trainingPrecision ?? 'float32';
  if (teacherBackend !== undefined && (teacherBackend.trainingPrecision ?? 'float32') !== precision)
    return options;
  // A backend that it did not begin on may lack any other.
  const isSame = backend.name === (student.backend ?? compute.backend).name;
  return isSame || precision === 'float32' ? { ...options, compute: { ...compute, precision } } : options;
}
