import { AncError } from '../errors/error.js';
import { installable, platformName, type NativePackage } from './platform.js';

/** A package that a backend needs and that users install themselves. */
export interface OptionalPackage extends NativePackage {
  /** The backend that needs it. */
  readonly backend: string;
  /** What to do where it is installed and does not load. */
  readonly repair: string;
  /** `(name) => import(name)`, written in the package that needs it: names resolve from there. */
  load(specifier: string): Promise<unknown>;
}

/** Whether a package was not found; Yarn's Plug'n'Play has errors of its own, which do not quote the name. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false;
  const { code = '', pnpCode } = error as { code?: string; pnpCode?: string };
  if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(code)) return false;
  return error.message.includes(pnpCode === undefined ? `'${name}'` : ` ${name}`);
}

/** The package's entry as resolved from the working directory, in which `npx` was called. */
function fromWorkingDirectory(name: string): string | null {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return null;
  const { createRequire } = process.getBuiltinModule('node:module');
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  try {
    return pathToFileURL(createRequire(pathToFileURL(`${process.cwd()}/`)).resolve(name)).href;
  } catch {
    return null;
  }
}

/**
 * Imports a package that users install themselves: as resolved from the package that needs it, or else from the working
 * directory, in which they call a program that `npx` keeps elsewhere.
 *
 * @param load `(name) => import(name)`, written in the package that needs it
 */
export async function importFromUser<T>(name: string, load: (specifier: string) => Promise<T>): Promise<T> {
  try {
    return await load(name);
  } catch (error) {
    const elsewhere = isMissing(error, name) ? fromWorkingDirectory(name) : null;
    if (elsewhere === null) throw error;
    return await load(elsewhere);
  }
}

/**
 * The error of a backend whose package could not be imported: `ANC_BACKEND_MISSING` with the command that installs it, where it
 * has a build for this platform, or `ANC_BACKEND_BROKEN` where it is installed but does not load.
 */
export function importError(wanted: Omit<OptionalPackage, 'load'>, error: unknown): AncError {
  const { name, backend } = wanted;
  if (isMissing(error, name)) {
    const install = installable(wanted);
    return new AncError(
      'ANC_BACKEND_MISSING',
      `backend "${backend}" needs ${name}, which is not installed.`,
      {
        ...(install === null
          ? { hint: `it has no build for ${platformName()}: use onnx or tfjs:wasm.` }
          : { hint: `npm install ${install}`, install }),
        cause: error,
      },
    );
  }
  const reason = error instanceof Error ? error.message.trim().split('\n')[0]! : String(error);
  return new AncError('ANC_BACKEND_BROKEN', `backend "${backend}": ${name} is installed and does not load.`, {
    received: reason,
    hint: wanted.repair,
    cause: error,
  });
}

/**
 * Imports an optional package, as resolved from the package that needs it, or else from the working directory.
 *
 * @throws `ANC_BACKEND_MISSING`, `ANC_BACKEND_BROKEN`: see `importError`
 */
export async function importOptional(wanted: OptionalPackage): Promise<unknown> {
  try {
    return await importFromUser(wanted.name, (specifier) => wanted.load(specifier));
  } catch (error) {
    throw importError(wanted, error);
  }
}
