import { acceptsOption } from '../composition/validate-options.js';
import type { Composition } from '../composition/compose.js';
import { optionError } from '../options/option-error.js';
import type { RunOptions } from '../options/run-options.js';

/** The option by which backends are given the precision of training steps. */
export const PRECISION = 'trainingPrecision';

/** Names of the backends whose option of a precision takes a value. */
export const backendsWith = (
  option: string,
  value: string,
  { registries }: Pick<Composition, 'registries'>,
): string[] =>
  registries.backends.names.filter((name) =>
    acceptsOption(registries.backends.get(name).contribution.options, option, value),
  );

/**
 * Throws `ANC_CONFIG` where students are trained on a backend that has no such precision. `auto` is float32 there.
 */
export function checkTrainingPrecision(
  { compute, student }: Pick<RunOptions, 'compute' | 'student'>,
  composition: Pick<Composition, 'registries'>,
): void {
  const { precision } = compute;
  if (precision === undefined || precision === 'float32' || precision === 'auto') return;
  const { name } = student.backend ?? compute.backend;
  const having = backendsWith(PRECISION, precision, composition);
  if (having.includes(name)) return;
  throw optionError(['compute', 'precision'], `the backend ${name} does not train in ${precision}.`, {
    expected: having.length === 0 ? 'float32' : `the backend ${having.join(' or ')}, or float32`,
    received: `${precision} on ${name}`,
    hint: `${having.map((one) => `add --backend ${one}, or `).join('')}leave out --precision.`,
  });
}
