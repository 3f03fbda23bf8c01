import { AncError } from '@anc/core';
import { importKoffi, KOFFI, type Koffi } from '@anc/core/internal';

/**
 * Imports koffi, by which MPI is called.
 *
 * @throws `ANC_MPI_MISSING` where it is not installed, or does not load.
 */
export const importMpiKoffi = (
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<Koffi> => importKoffi(load, missing);

function missing(cause: unknown): AncError {
  const message = cause instanceof Error ? cause.message.trim().split('\n')[0]! : String(cause);
  return new AncError(
    'ANC_MPI_MISSING',
    'koffi, by which MPI is called, is not installed or does not load.',
    {
      expected: KOFFI,
      received: message,
      hint: `npm install ${KOFFI}`,
      install: KOFFI,
      cause,
    },
  );
}
