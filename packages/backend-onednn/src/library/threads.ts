import type { CFunction, CLibrary } from '@anc/core/worker';

/** The library's OpenMP threads, for calls from one thread of ours. */
export class LibraryThreads {
  readonly #set: CFunction | null;
  #now: number;

  constructor(
    functions: CLibrary,
    readonly count: number,
  ) {
    this.#now = count;
    this.#set = setterOf(functions);
    this.#set?.(count);
  }

  /** Whether the library takes a number of threads; another runtime than OpenMP has its own. */
  get areSet(): boolean {
    return this.#set !== null;
  }

  /** From now on primitives are made for, and computed by, one thread or all. */
  use(isAlone: boolean): void {
    const threads = isAlone ? 1 : this.count;
    if (threads === this.#now) return;
    this.#set?.(threads);
    this.#now = threads;
  }
}

function setterOf(functions: CLibrary): CFunction | null {
  try {
    return functions.func('omp_set_num_threads', 'void', ['int']);
  } catch {
    return null;
  }
}

/**
 * Loads a library whose OpenMP threads sleep as soon as they have nothing to do. Otherwise they wait busily for milliseconds between
 * primitives, on the cores that kernels and other programs need. Its runtime reads this once, from the environment; what the user has
 * set there stays.
 */
export function withSleepingThreads<T>(env: Record<string, string | undefined>, load: () => T): T {
  if (env['OMP_WAIT_POLICY'] !== undefined || env['GOMP_SPINCOUNT'] !== undefined) return load();
  env['OMP_WAIT_POLICY'] = 'PASSIVE';
  try {
    return load();
  } finally {
    delete env['OMP_WAIT_POLICY'];
  }
}
