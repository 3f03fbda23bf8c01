/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a launcher such as `mpiexec` says about a process before MPI is loaded. */
export interface Launcher {
  /** The implementation whose library the process needs; null where the launcher serves several. */
  readonly mpi: 'Open MPI' | 'MPICH' | null;
  /** From 0. */
  readonly rank: number;
  /** How many processes it started. */
  readonly ranks: number;
}

/** Names of the variables by which each launcher tells a process its place. */
const LAUNCHERS = [
  {
    mpi: 'Open MPI',
    rank: ['OMPI_COMM_WORLD_RANK'],
    ranks: ['OMPI_COMM_WORLD_SIZE'],
  },
  // MPICH's Hydra and its relatives.
  {
    mpi: 'MPICH',
    rank: ['PMI_RANK'],
    ranks: ['PMI_SIZE'],
  },
  // SLURM's srun, where it starts processes by PMIx.
  {
    mpi: null,
    rank: ['PMIX_RANK'],
    ranks: ['SLURM_STEP_NUM_TASKS', 'SLURM_NTASKS'],
  },
] as const;

/** What started this process as one of several ranks; null where nothing did. */
export function launcherOf(environment: Environment): Launcher | null {
  const first = (names: readonly string[]): number | null => {
    for (const name of names) {
      const number = wholeNumber(environment[name]);
      if (number !== null) return number;
    }
    return null;
  };
  for (const { mpi, rank, ranks } of LAUNCHERS) {
    const [own, all] = [first(rank), first(ranks)];
    if (own === null || all === null || own >= all) continue;
    return { mpi, rank: own, ranks: all };
  }
  return null;
}

/** Whether torchrun or a relative started this process among others: it tells processes their places, and brings no MPI. */
export function isFromTorchrun({ RANK, WORLD_SIZE, MASTER_ADDR }: Environment): boolean {
  return wholeNumber(RANK) !== null && (wholeNumber(WORLD_SIZE) ?? 1) > 1 && MASTER_ADDR !== undefined;
}

const wholeNumber = (text: string | undefined): number | null =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
