import { codeIdentity } from '@anc/core/internal';

let known: string | null | undefined;

/**
 * Identifies the code of all parts of steps that come with ANC, for engines that keep what they make of a step; nothing where it
 * cannot be known. See `RehearsalOptions`.
 */
export function programCode(): { readonly code?: string } {
  if (known === undefined) {
    known = codeIdentity({
      own: [
        '@anc/core',
        '@anc/datasets',
        '@anc/formats',
        '@anc/methods',
        '@anc/models',
        '@anc/pipeline',
        '@anc/runtime',
      ],
      others: ['@tensorflow/tfjs-core'],
      from: import.meta.url,
    });
  }
  return known === null ? {} : { code: known };
}
