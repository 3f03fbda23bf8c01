import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AncError, type CLibrary, type Koffi } from '@anc/core/worker';

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What finding the library uses of koffi. */
export type LibraryKoffi = Pick<Koffi, 'load' | 'decode' | 'struct'>;

/** A loaded library of oneDNN. */
export interface FoundLibrary {
  readonly path: string;
  readonly functions: CLibrary;
  /** `3.2.0`. */
  readonly version: string;
}

/** The names by which the system's loader finds version 3. */
const NAMES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['libdnnl.so.3'],
  darwin: ['libdnnl.3.dylib'],
  win32: ['dnnl.dll'],
};

/** How to get the library on a platform, and to name it where it is not found by itself. */
export function howToInstall(platform: NodeJS.Platform = process.platform): string {
  if (platform === 'darwin') return 'brew install onednn';
  if (platform === 'win32')
    return `conda install -c conda-forge onednn, then name its dnnl.dll in ANC_ONEDNN_LIBRARY.`;
  return (
    'python3 -m venv onednn && onednn/bin/pip install onednn-cpu-gomp==2023.2.0, then ' +
    `export ANC_ONEDNN_LIBRARY=$PWD/onednn/lib/libdnnl.so.3 (or a system package that brings libdnnl.so.3).`
  );
}

/**
 * Loads oneDNN: the file that `ANC_ONEDNN_LIBRARY` names, else the library of an active virtual or conda environment, of
 * Homebrew, or that which the system's loader finds.
 *
 * @throws `ANC_BACKEND_MISSING` where none is found, `ANC_BACKEND_BROKEN` where the one that is found is not of version 3.
 */
export function loadLibrary(koffi: LibraryKoffi, env: Environment): FoundLibrary {
  const named = env['ANC_ONEDNN_LIBRARY'];
  const tried: string[] = [];
  for (const path of named ? [named] : candidates(env)) {
    let functions: CLibrary;
    try {
      functions = koffi.load(path);
    } catch (error) {
      tried.push(`${path}: ${(error as Error).message.trim()}`);
      continue;
    }
    return { path, functions, version: versionOf(koffi, path, functions) };
  }
  throw new AncError('ANC_BACKEND_MISSING', 'backend "onednn": the library of oneDNN is not found.', {
    expected: `${(NAMES[process.platform] ?? ['libdnnl']).join(' or ')}, or its file in ANC_ONEDNN_LIBRARY`,
    received: tried.at(-1) ?? 'no place to look in',
    hint: howToInstall(),
  });
}

/** Paths of libraries that may be there, the most likely first; names are left to the system's loader. */
function candidates({ VIRTUAL_ENV, CONDA_PREFIX }: Environment): readonly string[] {
  const names = NAMES[process.platform] ?? [];
  const prefixes = [
    VIRTUAL_ENV,
    CONDA_PREFIX,
    join(homedir(), '.local'),
    '/opt/homebrew/opt/onednn',
    '/usr/local/opt/onednn',
  ];
  const files = prefixes.flatMap((prefix) =>
    prefix === undefined
      ? []
      : ['lib', 'bin', join('Library', 'bin')].flatMap((folder) =>
          names.map((name) => join(prefix, folder, name)),
        ),
  );
  return [...files.filter((file) => existsSync(file)), ...names];
}

function versionOf(koffi: LibraryKoffi, path: string, functions: CLibrary): string {
  const refuse = (received: string): AncError =>
    new AncError('ANC_BACKEND_BROKEN', 'backend "onednn": the library is not oneDNN of version 3.', {
      expected: 'version 3.0 or later, below 4',
      received: `${received} in ${path}`,
      hint: howToInstall(),
    });
  let version: { major: number; minor: number; patch: number };
  try {
    const struct = koffi.struct({ major: 'int', minor: 'int', patch: 'int' });
    version = koffi.decode(functions.func('dnnl_version', 'void *', [])(), struct) as typeof version;
  } catch {
    throw refuse('no oneDNN');
  }
  const text = `${version.major}.${version.minor}.${version.patch}`;
  if (version.major !== 3) throw refuse(text);
  return text;
}
