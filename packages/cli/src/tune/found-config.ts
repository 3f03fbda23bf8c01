import { parseDocument, stringify } from 'yaml';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../composition/registry.js';
import { formatNamed } from '../config/named.js';
import { formatConfig, type Config } from '../config/resolve.js';
import type { ConfigKey } from '../config/schema.js';
import { settled } from './candidate.js';
import type { TuneResult } from './documents.js';
import type { Setting } from './settings.js';

/** What was about the tuning and not about what it found. */
const OWN: readonly ConfigKey[] = ['methods', 'validation', 'stratify', 'limitTest', 'out', 'name'];

/** A configuration file: what was said, and every method with its best setting among its options. */
export function foundConfig(
  config: Config,
  said: readonly ConfigKey[],
  best: readonly { readonly method: Named; readonly setting: Setting }[],
  composition: Pick<Composition, 'registries'>,
  { tune, heldOutImages }: Pick<TuneResult, 'tune' | 'heldOutImages'>,
): string {
  const all = parseDocument(formatConfig(config)).toJS() as Record<string, unknown>;
  const kept = Object.entries(all).filter(
    ([key]) => key === 'preset' || (said.includes(key as ConfigKey) && !OWN.includes(key as ConfigKey)),
  );
  const methods = best.map(({ method, setting }) =>
    formatNamed(settled(method, config, setting, composition)),
  );
  return [
    `# Found by \`anc-cli tune\` (${tune}) on ${heldOutImages} held-out training images: each method with its best options.`,
    '# Use it with `anc-cli compare --config <this file>`; flags go over it.',
    stringify({ ...Object.fromEntries(kept), ...(methods.length === 0 ? {} : { methods }) }),
  ].join('\n');
}
