import type { RunFolder } from '@anc/runtime';
import type { Composition } from '../composition/compose.js';
import { listedOptions } from '../composition/listed-options.js';
import type { RunOptions } from '../options/run-options.js';
import { PRECISION } from '../planning/training-precision.js';

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
 * processor (`auto`) or to a default that is another one today: another processor may choose differently, and so may a later
 * version. Where teacher and students began with different ones, each backend chooses again.
 */
export async function withRecordedPrecision(
  options: RunOptions,
  folder: RunFolder,
  { registries }: Pick<Composition, 'registries'>,
): Promise<RunOptions> {
  const { compute, student } = options;
  if (compute.precision !== undefined && compute.precision !== 'auto') return options;
  const { backend, teacherBackend } = ((await folder.readEnvironment()) ?? {}) as Environment;
  if (backend === undefined) return options;
  const precision = backend.trainingPrecision ?? 'float32';
  if (teacherBackend !== undefined && (teacherBackend.trainingPrecision ?? 'float32') !== precision)
    return options;
  const { name } = student.backend ?? compute.backend;
  // A backend that it did not begin on may lack any other.
  if (backend.name !== name && precision !== 'float32') return options;
  const byDefault = (backend: string): unknown =>
    listedOptions(registries.backends.get(backend).contribution.options)?.properties?.[PRECISION]?.[
      'default'
    ] ?? 'float32';
  // A teacher's backend without a precision of training steps trains nothing.
  const training = [name, ...(teacherBackend?.trainingPrecision === undefined ? [] : [teacherBackend.name])];
  if (compute.precision === undefined && training.every((one) => byDefault(one) === precision))
    return options;
  return { ...options, compute: { ...compute, precision } };
}
