import { describe, expect, it } from 'vitest';
import { isFromTorchrun, launcherOf } from './launcher.js';

describe('launcherOf', () => {
  it.each([
    [
      'Open MPI',
      {
        OMPI_COMM_WORLD_RANK: '1',
        OMPI_COMM_WORLD_SIZE: '4',
        OMPI_COMM_WORLD_LOCAL_RANK: '1',
        OMPI_COMM_WORLD_LOCAL_SIZE: '2',
        PMIX_RANK: '1',
      },
      { mpi: 'Open MPI', rank: 1, ranks: 4 },
    ],
    [
      "MPICH's Hydra",
      { PMI_RANK: '0', PMI_SIZE: '2', MPI_LOCALRANKID: '0', MPI_LOCALNRANKS: '2' },
      { mpi: 'MPICH', rank: 0, ranks: 2 },
    ],
    [
      'srun with PMIx',
      { PMIX_RANK: '3', SLURM_STEP_NUM_TASKS: '8', SLURM_LOCALID: '1' },
      { mpi: null, rank: 3, ranks: 8 },
    ],
  ])('reads the variables of %s', (_name, environment, expected) => {
    expect(launcherOf(environment)).toEqual(expected);
  });

  it.each([
    {},
    { OMPI_COMM_WORLD_RANK: '0' },
    { PMI_RANK: 'x', PMI_SIZE: '2' },
    { PMI_RANK: '2', PMI_SIZE: '2' },
    { RANK: '0', WORLD_SIZE: '2', MASTER_ADDR: 'a' },
  ])('finds none in %j', (environment) => {
    expect(launcherOf(environment)).toBeNull();
  });

  it('knows the variables of torchrun', () => {
    expect(isFromTorchrun({ RANK: '0', WORLD_SIZE: '2', MASTER_ADDR: 'a' })).toBe(true);
    expect(isFromTorchrun({ RANK: '0', WORLD_SIZE: '1', MASTER_ADDR: 'a' })).toBe(false);
    expect(isFromTorchrun({ WORLD_SIZE: '2' })).toBe(false);
  });
});
