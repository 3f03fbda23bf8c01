import { AncError } from '../errors/error.js';

/** A package that a backend needs and that its user installs. */
export interface OptionalPackage {
  readonly name: string;
  readonly version: string;
  /** The backend that wants it. */
  readonly backend: string;
  /** What to do where it is installed and does not load. */
  readonly repair: string;
  /** `(name) => import(name)`, written in the package that wants it: names resolve from there. */
  load(specifier: string): Promise<unknown>;
}

const isMissing = (error: unknown, name: string): boolean =>
  error instanceof Error &&
  ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes((error as { code?: string }).code ?? '') &&
  error.message.includes(`'${name}'`);

/** The package's entry as the user's working directory resolves it: where `npx` is asked from. */
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
 * Imports an optional package: beside the package that wants it, or else from the working directory.
 *
 * Throws `ANC_BACKEND_MISSING` with the command that installs it, or `ANC_BACKEND_BROKEN` where it is
 * installed and does not load.
 */
export async function importOptional(wanted: OptionalPackage): Promise<unknown> {
  const { name, version, backend } = wanted;
  try {
    try {
      return await wanted.load(name);
    } catch (error) {
      const elsewhere = isMissing(error, name) ? fromWorkingDirectory(name) : null;
      if (elsewhere === null) throw error;
      return await wanted.load(elsewhere);
    }
  } catch (error) {
    if (isMissing(error, name)) {
      throw new AncError(
        'ANC_BACKEND_MISSING',
        `backend "${backend}" needs ${name}, which is not installed.`,
        {
          hint: `npm install ${name}@${version}`,
          cause: error,
        },
      );
    }
    const why = error instanceof Error ? error.message.trim().split('\n')[0]! : String(error);
    throw new AncError(
      'ANC_BACKEND_BROKEN',
      `backend "${backend}": ${name} is installed and does not load.`,
      {
        received: why,
        hint: wanted.repair,
        cause: error,
      },
    );
  }
}
