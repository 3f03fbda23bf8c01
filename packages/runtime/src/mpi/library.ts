import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { AncError } from '@anc/core';
import type { CLibrary, Koffi } from '@anc/core/internal';

import type { Environment, Launcher } from './launcher.js';

/** A loaded MPI library. */
export interface MpiLibrary {
  /** `Open MPI 5.0.11`. */
  readonly name: string;
  readonly path: string;
  readonly functions: CLibrary;
  /** Handles of `MPI_COMM_WORLD` and `MPI_BYTE`, as the library's binary interface has them. */
  readonly world: bigint;
  readonly byte: bigint;
}

/** What is used of koffi. */
export type MpiKoffi = Pick<Koffi, 'load' | 'address'>;

type Implementation = NonNullable<Launcher['mpi']>;

/** Names of the library by implementation: their PyPI wheels and own builds, Debian, macOS. */
const NAMES: Readonly<Record<Implementation, readonly string[]>> = {
  'Open MPI': ['libmpi.so.40', 'libmpi.40.dylib'],
  MPICH: ['libmpi.so.12', 'libmpich.so.12', 'libmpi.12.dylib', 'libmpich.12.dylib'],
};

/**
 * Loads the MPI library that belongs to the launcher: the one that `ANC_MPI_LIBRARY` names, else one beside the program that
 * started this process, beside `mpiexec` on the search path, or where the system looks for libraries.
 *
 * @throws `ANC_MPI_MISSING` where none is found, `ANC_MPI` where the one that is found belongs to another launcher.
 */
export function loadMpi(
  koffi: MpiKoffi,
  launcher: Pick<Launcher, 'mpi'>,
  environment: Environment,
): MpiLibrary {
  const named = environment.ANC_MPI_LIBRARY;
  const tried: string[] = [];
  for (const path of named ? [named] : candidates(launcher.mpi, environment)) {
    let functions: CLibrary;
    try {
      functions = koffi.load(path);
    } catch (error) {
      tried.push(`${path}: ${(error as Error).message.trim()}`);
      continue;
    }
    const library = describe(koffi, path, functions);
    if (launcher.mpi === null || library.name.startsWith(launcher.mpi)) return library;
    throw new AncError('ANC_MPI', 'the MPI library is not that of the program that started the ranks.', {
      expected: `the library of ${launcher.mpi}`,
      received: `${library.name} in ${path}`,
      hint: 'use the mpiexec of the same installation, or name its library in ANC_MPI_LIBRARY.',
    });
  }
  throw new AncError('ANC_MPI_MISSING', 'no MPI library was found.', {
    expected: launcher.mpi === null ? 'Open MPI or MPICH' : `the library of ${launcher.mpi}`,
    received: tried.at(-1) ?? 'nothing that could be tried',
    hint: 'install it, or name its file (libmpi.so.40, libmpich.so.12, …) in ANC_MPI_LIBRARY.',
  });
}

/** Paths of libraries that may be there, the most likely first. */
function candidates(mpi: Launcher['mpi'], environment: Environment): readonly string[] {
  const names = mpi === null ? [...NAMES['Open MPI'], ...NAMES.MPICH] : NAMES[mpi];
  const files = prefixes(environment).flatMap((prefix) =>
    ['lib', 'lib64'].flatMap((folder) => names.map((name) => join(prefix, folder, name))),
  );
  return [...files.filter((file) => existsSync(file)), ...names];
}

/** Folders in which MPI may be installed, with `bin` and `lib` in them. */
function prefixes({ OPAL_PREFIX, PATH = '' }: Environment): readonly string[] {
  const found = OPAL_PREFIX === undefined ? [] : [OPAL_PREFIX];
  try {
    found.push(dirname(dirname(readlinkSync(`/proc/${process.ppid}/exe`))));
  } catch {
    // another system, or another user's process
  }
  for (const folder of PATH.split(delimiter)) {
    try {
      found.push(dirname(dirname(realpathSync(join(folder, 'mpiexec')))));
    } catch {
      // not there
    }
  }
  return [...new Set(found)];
}

/** Handles are addresses of objects in Open MPI; numbers in MPICH and, other ones, in the standard interface of MPI 5. */
function describe(koffi: MpiKoffi, path: string, functions: CLibrary): MpiLibrary {
  const version = versionOf(functions);
  const openMpi = /Open MPI v?(\d[\w.]*)/.exec(version);
  if (openMpi !== null) {
    const handle = (name: string): bigint => koffi.address(functions.symbol(name, 'void *'));
    const [world, byte] = [handle('ompi_mpi_comm_world'), handle('ompi_mpi_byte')];
    return { name: `Open MPI ${openMpi[1]}`, path, functions, world, byte };
  }
  const mpich = /MPICH Version:\s*(\d[\w.]*)/.exec(version);
  if (mpich !== null) {
    const isStandard = /libmpi_abi\b/.test(path);
    const [world, byte] = isStandard ? [0x101n, 0x247n] : [0x44000000n, 0x4c00010dn];
    return { name: `MPICH ${mpich[1]}`, path, functions, world, byte };
  }
  throw new AncError('ANC_MPI', 'the MPI library is one that is not known here.', {
    expected: 'Open MPI or MPICH',
    received: `${version.split('\n')[0]!.slice(0, 80)} in ${path}`,
    hint: 'name the file of Open MPI or MPICH in ANC_MPI_LIBRARY.',
  });
}

/** What the library says of itself; may be called before it is initialized. */
function versionOf(functions: CLibrary): string {
  const [text, length] = [Buffer.alloc(8192), Buffer.alloc(4)];
  functions.func('MPI_Get_library_version', 'int', ['void *', 'void *'])(text, length);
  return text.toString('latin1', 0, length.readInt32LE(0));
}
