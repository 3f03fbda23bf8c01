import { AncError, type Collective } from '@anc/core';
import { importKoffi, KOFFI } from './koffi.js';
import { isFromTorchrun, launcherOf, type Environment } from './launcher.js';
import { loadMpi } from './library.js';

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
  const koffi = await importKoffi();
  leaveMemoryAlone();
  const library = loadMpi(koffi, launcher, environment);
  const { MpiCollective } = await import('./mpi-collective.js');
  return MpiCollective.open(library, launcher.ranks);
}

/**
 * Settings of UCX and Open MPI, which else replace `brk`, `munmap` and `malloc` in this process to hear of memory that is freed.
 * With them four of some sixty runs of two ranks ended with SIGSEGV, in one core dump at a page of Node's heap that was no longer
 * mapped; without them none of 22.
 */
const MEMORY_HOOKS = {
  UCX_MEM_MMAP_HOOK_MODE: 'none',
  UCX_MEM_MALLOC_HOOKS: 'n',
  UCX_MEM_EVENTS: 'n',
  OMPI_MCA_memory: '^patcher',
};

/** Turns off what MPI would replace of the C library, unless the user has set it. To be called before its library is loaded. */
function leaveMemoryAlone(): void {
  for (const [name, value] of Object.entries(MEMORY_HOOKS)) process.env[name] ??= value;
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
    const koffi = await importKoffi();
    const { name, path } = loadMpi(koffi, launcherOf(environment) ?? { mpi: null }, environment);
    return { ...none, usable: true, library: name, path, reason: null, remedy: null };
  } catch (error) {
    const { message, detail } = error as AncError;
    const install = detail.install === KOFFI ? KOFFI : null;
    return { ...none, reason: message.replace(/\.$/, ''), remedy: detail.hint ?? null, install };
  }
}
