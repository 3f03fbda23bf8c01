import type { CFunction, CLibrary } from '@anc/core/internal';
import type { MpiKoffi } from '../src/mpi/library.js';

/** An operation that some ranks have started. */
interface Started {
  readonly calls: Map<number, readonly unknown[]>;
  isDone: boolean;
}

const bytesOf = (value: unknown): Uint8Array => {
  const { buffer, byteOffset, byteLength } = value as Float32Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
};

/** What each operation does when all ranks have called it, by the arguments of each. */
const OPERATIONS: Readonly<Record<string, (calls: readonly (readonly unknown[])[]) => void>> = {
  MPI_Ialltoallv: (calls) => {
    for (const [to, [, , , , received, lengths, places]] of calls.entries()) {
      for (const [from, [sent, sizes, begins]] of calls.entries()) {
        const begin = (begins as Int32Array)[to]!;
        const size = (sizes as Int32Array)[to]!;
        if (size !== (lengths as Int32Array)[from]) throw new Error('truncated');
        bytesOf(received).set(bytesOf(sent).subarray(begin, begin + size), (places as Int32Array)[from]);
      }
    }
  },
  MPI_Iallgatherv: (calls) => {
    for (const [, , , received, sizes, begins] of calls) {
      for (const [from, [sent, size]] of calls.entries()) {
        if (size !== (sizes as Int32Array)[from]) throw new Error('truncated');
        bytesOf(received).set(bytesOf(sent).subarray(0, size as number), (begins as Int32Array)[from]);
      }
    }
  },
  MPI_Iallgather: (calls) => {
    for (const [, , , received, size] of calls)
      for (const [from, [sent]] of calls.entries())
        bytesOf(received).set(bytesOf(sent), from * (size as number));
  },
  MPI_Ibcast: (calls) => {
    const sent = bytesOf(calls[calls[0]![3] as number]![0]).slice();
    for (const [received] of calls) bytesOf(received).set(sent);
  },
  MPI_Ibarrier: () => undefined,
};

/**
 * MPI in one process, as koffi would load it: one library for each rank. An operation is done when all ranks have started it and
 * the one that asks has asked twice.
 */
export function fakeMpi(ranks: number, version: string): readonly MpiKoffi[] {
  const started: Started[] = [];
  return Array.from({ length: ranks }, (_unused, rank): MpiKoffi => {
    let count = 0;
    let asked = 0;
    const start =
      (name: string): CFunction =>
      (...args) => {
        const operation = (started[count++] ??= { calls: new Map(), isDone: false });
        operation.calls.set(rank, args);
        if (operation.calls.size === ranks) {
          OPERATIONS[name]!(Array.from({ length: ranks }, (_, i) => operation.calls.get(i)!));
          operation.isDone = true;
        }
        asked = 0;
        return 0;
      };
    const write = (out: unknown, value: number): number => {
      (out as Buffer).writeInt32LE(value);
      return 0;
    };
    const functions: Record<string, CFunction> = {
      MPI_Get_library_version: (text, length) => write(length, (text as Buffer).write(version)),
      MPI_Init_thread: () => 0,
      MPI_Finalize: () => 0,
      MPI_Comm_rank: (_world, out) => write(out, rank),
      MPI_Comm_size: (_world, out) => write(out, ranks),
      MPI_Test: (_request, done) => write(done, started[count - 1]!.isDone && asked++ > 0 ? 1 : 0),
    };
    const library: CLibrary = {
      func: (name) => functions[name] ?? start(name),
      symbol: () => 'a pointer',
    };
    return {
      load(path) {
        if (!path.includes('libmpi')) throw new Error('no such file');
        return library;
      },
      address: () => 4096n,
    };
  });
}
