import type { RunFolder } from '@anc/runtime';
import type { Composition } from '../composition/compose.js';
import type { ChangedOption } from '../files/recorded-options.js';
import type { RunOptions } from '../options/run-options.js';
import { withRecordedMethods } from './recorded-methods.js';
import { withRecordedPrecision } from './recorded-precision.js';

/**
 * Options that a run continues with, also where it is continued in another folder: what they leave to defaults, or to the
 * processor, is what the run began with.
 *
 * @param changed options that the run goes on with instead of its own
 */
export async function asBegun(
  options: RunOptions,
  folder: RunFolder,
  composition: Composition,
  changed: readonly ChangedOption[] = [],
): Promise<RunOptions> {
  const methods = await withRecordedMethods(options, folder, composition, changed.length > 0);
  const isPrecisionChanged = changed.some(({ key }) => key === 'precision');
  return isPrecisionChanged ? methods : withRecordedPrecision(methods, folder, composition);
}
