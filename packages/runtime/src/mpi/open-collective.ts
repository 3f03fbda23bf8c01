import { AncError, type Collective } from '@anc/core';
import { KOFFI } from '@anc/core/internal';
import { importMpiKoffi } from './koffi.js';
import { isFromTorchrun, launcherOf, type Environment } from './launcher.js';
import { loadMpi } from './library.js';
import { turnOffMemoryHooks } from './memory-hooks.js';

/**
 * The other ranks of this process, where `mpiexec` or a relative started it as one of several; null where it is alone. To be
 * called once, before anything long: it initializes MPI.
 *
 * @throws `ANC_MPI_MISSING` where koffi or the MPI library is missing, `ANC_MPI` where the library does not fit the launcher, or
 *   where torchrun started the processes, which brings no MPI.
 */
export async function openMpi(environment: Environment = process.env): Promise<Collective | null> {
  const launcher = launcherOf(environment);
  if (launcher === null && isFromTorchrun(environment)) {
    throw new AncError(
      'ANC_MPI',
      'these processes were started by torchrun or a relative, which brings no MPI.',
      {
        expected: 'mpiexec, mpirun or srun',
        received: `RANK=${environment.RANK}, WORLD_SIZE=${environment.WORLD_SIZE}`,
        hint: 'use mpiexec -n <ranks>, or unset RANK and WORLD_SIZE to train in one process.',
      },
    );
  }
  if (launcher === null || launcher.ranks === 1) return null;
  const koffi = await importMpiKoffi();
  turnOffMemoryHooks(process.env);
  const library = loadMpi(koffi, launcher, environment);
  const { MpiCollective } = await import('./mpi-collective.js');
  return MpiCollective.open(library, launcher.ranks);
}

/** What several ranks need, and what of it is here. */
export interface MpiReport {
  /** Whether `mpiexec -n 2 anc-cli run` can work with the library that is found. */
  readonly usable: boolean;
  /** The library that is found: `Open MPI 5.0.11`. */
  readonly library: string | null;
  /** Its file. */
  readonly path: string | null;
  /** Why it is not usable. */
  readonly reason: string | null;
  /** What to do. */
  readonly remedy: string | null;
  /** The npm package that would solve it. */
  readonly install: string | null;
}

/** Looks for what several ranks need, without initializing MPI. */
export async function reportMpi(environment: Environment = process.env): Promise<MpiReport> {
  const none = { usable: false, library: null, path: null, install: null };
  try {
    const koffi = await importMpiKoffi();
    const { name, path } = loadMpi(koffi, launcherOf(environment) ?? { mpi: null }, environment);
    return { ...none, usable: true, library: name, path, reason: null, remedy: null };
  } catch (error) {
    const { message, detail } = error as AncError;
    const install = detail.install === KOFFI ? KOFFI : null;
    return { ...none, reason: message.replace(/\.$/, ''), remedy: detail.hint ?? null, install };
  }
}
