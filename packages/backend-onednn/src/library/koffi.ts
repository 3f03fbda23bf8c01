import { importError, importKoffi, KOFFI, KOFFI_PACKAGE, type Koffi } from '@anc/core/worker';

/**
 * Imports koffi, by which oneDNN is called.
 *
 * @throws `ANC_BACKEND_MISSING` where it is not installed, `ANC_BACKEND_BROKEN` where it does not load.
 */
export const importOnednnKoffi = (
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<Koffi> =>
  importKoffi(load, (cause) =>
    importError(
      { ...KOFFI_PACKAGE, backend: 'onednn', repair: `install it again: npm install ${KOFFI}` },
      cause,
    ),
  );
