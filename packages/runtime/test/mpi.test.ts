import { isAncError, type AncError, type Collective } from '@anc/core';
import { collectiveContract } from '@anc/testing';
import { describe, expect, it } from 'vitest';
import { importMpiKoffi } from '../src/mpi/koffi.js';
import { loadMpi } from '../src/mpi/library.js';
import { MpiCollective } from '../src/mpi/mpi-collective.js';
import { openMpi, reportMpi } from '../src/mpi/open-collective.js';
import { fakeMpi } from './fake-mpi.js';

const NAMED = { ANC_MPI_LIBRARY: '/opt/libmpi.so' };
const OPEN_MPI = 'Open MPI v5.0.11, package: Open MPI user@localhost';
const MPICH = 'MPICH Version:      4.0.2\nMPICH Release date: unknown';

const errorOf = (work: () => unknown): AncError => {
  try {
    work();
  } catch (error) {
    if (isAncError(error)) return error;
    throw error;
  }
  throw new Error('no error');
};

/** A rank of several in one thread, where none can block until the others are there. */
const unblocked = (rank: MpiCollective): Collective => ({
  name: rank.name,
  rank: rank.rank,
  ranks: rank.ranks,
  allReduce: (buffer) => rank.allReduce(buffer),
  allReduceMean: (buffer, weights) => rank.allReduceMean(buffer, weights),
  broadcast: (bytes, root) => rank.broadcast(bytes, root),
  barrier: () => rank.barrier(),
  close: () => rank.close(),
});

describe('MpiCollective', () => {
  collectiveContract({ describe, it }, () =>
    Promise.resolve(
      fakeMpi(3, MPICH).map((koffi) =>
        unblocked(MpiCollective.open(loadMpi(koffi, { mpi: 'MPICH' }, NAMED), 3)),
      ),
    ),
  );

  it.each([3, 10_007])('sums %i numbers where it blocks', (length) => {
    const alone = MpiCollective.open(loadMpi(fakeMpi(1, MPICH)[0]!, { mpi: 'MPICH' }, NAMED), 1);
    const own = Float32Array.from({ length }, (_, i) => i / 3);
    expect(alone.allReduceBlocking(own)).toEqual(own);
  });

  it('averages where the values lie, also where the length is no multiple of the ranks', async () => {
    const ranks = fakeMpi(3, MPICH).map((koffi) =>
      MpiCollective.open(loadMpi(koffi, { mpi: 'MPICH' }, NAMED), 3),
    );
    const own = ranks.map(({ rank }) => Float32Array.from({ length: 10_007 }, (_, i) => rank * i));
    const means = await Promise.all(ranks.map((rank, i) => rank.allReduceMean(own[i]!, [1, 1, 2])));
    for (const [i, mean] of means.entries()) {
      expect(mean).toBe(own[i]);
      expect([...mean.subarray(0, 3), mean.at(-1)]).toEqual([0, 1.25, 2.5, 1.25 * 10_006]);
    }
  });

  it('refuses a library that does not see the other ranks', () => {
    const [koffi] = fakeMpi(1, OPEN_MPI);
    const error = errorOf(() => MpiCollective.open(loadMpi(koffi!, { mpi: null }, NAMED), 2));
    expect(error.code).toBe('ANC_MPI');
    expect(error.detail.received).toBe('1 in Open MPI 5.0.11, /opt/libmpi.so');
  });
});

describe('loadMpi', () => {
  const load = (version: string, mpi: 'Open MPI' | 'MPICH' | null, path = '/opt/libmpi.so') =>
    loadMpi(fakeMpi(1, version)[0]!, { mpi }, { ANC_MPI_LIBRARY: path });

  it('knows the handles of each binary interface', () => {
    expect(load(OPEN_MPI, null)).toMatchObject({ name: 'Open MPI 5.0.11', world: 4096n, byte: 4096n });
    expect(load(MPICH, 'MPICH')).toMatchObject({ name: 'MPICH 4.0.2', world: 0x44000000n });
    expect(load(MPICH, null, '/opt/libmpi_abi.so.1')).toMatchObject({ world: 0x101n, byte: 0x247n });
  });

  it('refuses the library of another launcher, and one that it does not know', () => {
    expect(errorOf(() => load(MPICH, 'Open MPI')).detail).toMatchObject({
      expected: 'the library of Open MPI',
      received: 'MPICH 4.0.2 in /opt/libmpi.so',
    });
    expect(errorOf(() => load('Intel(R) MPI Library 2021', null)).code).toBe('ANC_MPI');
  });

  it('says what was tried where there is none', () => {
    const error = errorOf(() => load(MPICH, 'MPICH', '/nowhere'));
    expect(error.code).toBe('ANC_MPI_MISSING');
    expect(error.detail.received).toBe('/nowhere: no such file');
  });
});

describe('openMpi', () => {
  it('is null in a process that is alone', async () => {
    expect(await openMpi({})).toBeNull();
    expect(await openMpi({ PMI_RANK: '0', PMI_SIZE: '1' })).toBeNull();
  });

  it('refuses torchrun, which brings no MPI', async () => {
    const environment = { RANK: '1', WORLD_SIZE: '2', MASTER_ADDR: 'first' };
    await expect(openMpi(environment)).rejects.toMatchObject({
      code: 'ANC_MPI',
      detail: { received: 'RANK=1, WORLD_SIZE=2' },
    });
  });

  it('says how to install koffi', async () => {
    const missing = importMpiKoffi(() => Promise.reject(new Error('no such package')));
    await expect(missing).rejects.toMatchObject({
      code: 'ANC_MPI_MISSING',
      detail: { hint: 'npm install koffi@3.3.4', received: 'no such package' },
    });
  });

  it('reports why several ranks cannot work, without throwing', async () => {
    const { usable, reason, remedy } = await reportMpi({ ANC_MPI_LIBRARY: '/nowhere/libmpi.so' });
    expect(usable).toBe(false);
    expect(reason).not.toBeNull();
    expect(remedy).not.toBeNull();
  });
});
