import { stringify } from 'yaml';
import type { Composition } from '../composition/compose.js';
import { recordedOptions } from '../options/record.js';
import type { RunOptions } from '../options/run-options.js';
import { formatNamed, type Named } from '../text/named.js';
import { settled } from './candidate.js';
import type { TuneResult } from './documents.js';
import type { Setting } from './settings.js';

/** Options that concern the tuning and not what it found. */
const OWN: readonly string[] = ['methods', 'validation', 'stratify', 'limitTest', 'out', 'name'];

/** A configuration file: the options that were set, and every method with its best setting among its options. */
export function tunedConfig(
  options: RunOptions,
  given: readonly string[],
  best: readonly { readonly method: Named; readonly setting: Setting }[],
  composition: Pick<Composition, 'registries'>,
  { tune, heldOutImages }: Pick<TuneResult, 'tune' | 'heldOutImages'>,
): string {
  const kept = Object.entries(recordedOptions(options)).filter(
    ([key]) => key === 'preset' || (given.includes(key) && !OWN.includes(key)),
  );
  const methods = best.map(({ method, setting }) =>
    formatNamed(settled(method, options, setting, composition)),
  );
  return [
    `# Found by \`anc-cli tune\` (${tune}) on ${heldOutImages} held-out training images: each method with its best options.`,
    '# Use it with `anc-cli compare --config <this file>`; flags replace its options.',
    stringify({ ...Object.fromEntries(kept), ...(methods.length === 0 ? {} : { methods }) }),
  ].join('\n');
}
