import type { TeacherOptions } from '../options/run-options.js';
import { optionError } from '../options/option-error.js';
import type { Named } from '../text/named.js';

/** The backend that computes with a chosen precision. */
const BY_PRECISION = 'onednn';

/**
 * The backend that a run chooses for the teacher, with the precision of its layers: onednn where a precision is chosen and no
 * backend of the teacher's own. Undefined: the run's backend.
 *
 * @throws `ANC_CONFIG` where the backend of the teacher has no such precision
 */
export function teacherBackend({
  backend,
  precision,
}: Pick<TeacherOptions, 'backend' | 'precision'>): Named | undefined {
  if (precision === undefined) return backend;
  const used = backend ?? { name: BY_PRECISION, options: {} };
  if (used.name === BY_PRECISION) return { ...used, options: { ...used.options, precision } };
  if (precision === 'float32') return backend;
  throw optionError(['teacher', 'precision'], `the backend ${used.name} computes with float32 alone.`, {
    expected: `the backend ${BY_PRECISION} for the teacher, or float32`,
    received: `${precision} on ${used.name}`,
    hint: `leave out --teacher-backend, or set it to ${BY_PRECISION}.`,
  });
}
