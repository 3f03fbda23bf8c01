import { optionNames } from '../composition/validate-options.js';
import type { Composition } from '../composition/compose.js';
import { optionError } from '../options/option-error.js';
import type { RunOptions } from '../options/run-options.js';

/** The option by which backends are given the precision of training steps. */
export const PRECISION = 'trainingPrecision';

/**
 * Throws `ANC_CONFIG` where students are trained on a backend that has no such precision. `auto` is float32 there.
 */
export function checkTrainingPrecision(
  { compute, student }: Pick<RunOptions, 'compute' | 'student'>,
  { registries }: Pick<Composition, 'registries'>,
): void {
  if (compute.precision !== 'bfloat16') return;
  const { name } = student.backend ?? compute.backend;
  if (optionNames(registries.backends.get(name).contribution.options)?.includes(PRECISION) === true) return;
  throw optionError(['compute', 'precision'], `the backend ${name} trains in float32 alone.`, {
    expected: 'the backend onednn, or float32',
    received: `bfloat16 on ${name}`,
    hint: 'add --backend onednn, or leave out --precision.',
  });
}
