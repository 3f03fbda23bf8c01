import { AncError } from '@anc/core';
import { importFromUser } from '@anc/core/internal';

/** The version of koffi that is tested; it calls functions of C libraries. */
export const KOFFI = 'koffi@3.3.4';

/** A function of a C library. */
export type CFunction = (...args: unknown[]) => unknown;

/** A loaded C library. */
export interface CLibrary {
  func(name: string, result: string, args: readonly string[]): CFunction;
  symbol(name: string, type: string): unknown;
}

/** What is used of koffi. */
export interface Koffi {
  load(path: string, options?: { readonly global?: boolean }): CLibrary;
  address(pointer: unknown): bigint;
}

/**
 * Imports koffi, which users install themselves.
 *
 * @throws `ANC_MPI_MISSING` where it is not installed, or does not load.
 */
export async function importKoffi(
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<Koffi> {
  try {
    const found = await importFromUser('koffi', load);
    return ((found as { readonly default?: Koffi }).default ?? found) as Koffi;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.trim().split('\n')[0]! : String(cause);
    throw new AncError(
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
}
