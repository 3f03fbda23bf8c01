import type { Composition } from '../composition/compose.js';
import { optionError } from '../options/option-error.js';
import type { RunOptions } from '../options/run-options.js';
import type { Named } from '../text/named.js';
import { backendsWith } from './training-precision.js';

/** What computes a teacher of a chosen precision where nothing else is said. */
const DEFAULT = { float32: 'onednn', bfloat16: 'onednn', int8: 'onednn', float16: 'webgpu' } as const;

/**
 * The backend that a run chooses for the teacher, with the precision of its layers. Where a precision is chosen and no backend of
 * the teacher's own: the run's if it has that precision, else the one above. Undefined: the run's backend.
 *
 * @throws `ANC_CONFIG` where the backend of the teacher has no such precision
 */
export function teacherBackend(
  { compute, teacher }: Pick<RunOptions, 'compute' | 'teacher'>,
  composition: Pick<Composition, 'registries'>,
): Named | undefined {
  const { backend, precision } = teacher;
  if (precision === undefined) return backend;
  const having = backendsWith('precision', precision, composition);
  const used =
    backend ??
    (precision !== 'float32' && having.includes(compute.backend.name) ? compute.backend : undefined);
  const name = used?.name ?? DEFAULT[precision];
  if (having.includes(name)) return { name, options: { ...used?.options, precision } };
  if (precision === 'float32') return backend;
  throw optionError(['teacher', 'precision'], `the backend ${name} does not compute in ${precision}.`, {
    expected: `${having.length === 0 ? '' : `the backend ${having.join(' or ')} for the teacher, or `}float32`,
    received: `${precision} on ${name}`,
    hint:
      having.length === 0
        ? 'leave out --teacher-precision.'
        : `set --teacher-backend to ${having.join(' or ')}.`,
  });
}
