import type { RunFolder } from '@anc/runtime';
import type { RunOptions } from '../options/run-options.js';

type Precision = RunOptions['compute']['precision'];

/** The part of environment.json that is about the backend that trains the students. */
interface BackendRecord {
  readonly backend?: { readonly name: string; readonly trainingPrecision?: Precision };
}

/**
 * The options of a run to resume, with the precision of training steps that it began with: a processor may choose another one
 * than that on which it began, and so may a later version. Records of before there was a choice are of float32.
 */
export async function withRecordedPrecision(options: RunOptions, folder: RunFolder): Promise<RunOptions> {
  const { compute, student } = options;
  if (compute.precision !== undefined && compute.precision !== 'auto') return options;
  const { backend } = ((await folder.readEnvironment()) ?? {}) as BackendRecord;
  if (backend?.name !== (student.backend ?? compute.backend).name) return options;
  return { ...options, compute: { ...compute, precision: backend.trainingPrecision ?? 'float32' } };
}
