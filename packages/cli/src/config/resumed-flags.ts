import { AncError } from '@anc/core';
import { RESUMABLE_KEYS } from '@anc/pipeline/internal';
import { callFlags } from './call-options.js';
import { flagName } from './flags.js';

/** The options given beside `--resume`. Throws `ANC_CONFIG` where one would change the run; `accepted` may. */
export function changesOf(
  flags: Readonly<Record<string, unknown>>,
  accepted: 'all' | readonly string[] = [],
): Record<string, unknown> {
  const own = callFlags.map(([key]): string => key);
  const changes = Object.entries(flags).filter(([key]) => !own.includes(key));
  const may = (key: string): boolean =>
    accepted === 'all' || accepted.includes(key) || RESUMABLE_KEYS.some((known) => known === key);
  const other = changes.find(([key]) => !may(key));
  if (other === undefined) return Object.fromEntries(changes);
  throw new AncError('ANC_CONFIG', `${flagName(other[0])}: a run is resumed with its own options.`, {
    expected: `no other options than ${[...RESUMABLE_KEYS, ...own].map(flagName).join(', ')}${ratesInWords(accepted)}`,
    hint:
      accepted.length === 0
        ? 'start a new run to change it.'
        : 'start a new run to change it, or add --change-options to train what is unfinished with it.',
  });
}

/** `; --learning-rate only where training diverged`. */
const ratesInWords = (accepted: 'all' | readonly string[]): string =>
  accepted === 'all' || accepted.length === 0
    ? ''
    : `; ${accepted.map(flagName).join(' and ')} only to lower them after training diverged`;
