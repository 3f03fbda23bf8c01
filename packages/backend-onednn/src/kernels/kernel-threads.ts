import { Worker } from 'node:worker_threads';
import { builtFile } from '@anc/core/worker';
import type { Heap } from '../memory/heap.js';
import { addressesOf, MOST_OPERANDS, SharedTask, type RunPart, type Task } from './shared-task.js';

/** What the threads are given to begin with. */
export interface KernelWorkerData {
  /** The task that they compute parts of. */
  readonly task: SharedArrayBuffer;
  /** The memory that kernels are in: WebAssembly.Memory. */
  readonly heap: object;
}

/** A module that came, by its number; null: it is needed no longer. */
export interface KernelModule {
  readonly number: number;
  readonly module: object | null;
}

/**
 * The threads that compute the kernels of steps, on one heap: the thread that calls them, and others that sleep between kernels.
 * They start with the first module.
 */
export class KernelThreads {
  readonly #task = new SharedTask();
  #workers: readonly Worker[] | null = null;
  #modules = 0;

  constructor(
    /** The memory that kernels read and write. */
    readonly heap: Heap,
    /** How many threads compute, the one that calls included. */
    readonly threads: number,
  ) {}

  /** The number of a compiled module, of which `play` computes kernels from now on. */
  add(module: object): number {
    const number = this.#modules++;
    this.#post({ number, module });
    return number;
  }

  remove(number: number): void {
    this.#post({ number, module: null });
  }

  #post(message: KernelModule): void {
    this.#workers ??= Array.from({ length: this.threads - 1 }, () => this.#started());
    for (const worker of this.#workers) worker.postMessage(message);
  }

  #started(): Worker {
    const workerData: KernelWorkerData = { task: this.#task.memory, heap: this.heap.memory };
    const worker = new Worker(builtFile('kernel-worker.js', import.meta.url), { execArgv: [], workerData });
    // a thread that cannot start takes no parts
    worker.on('error', () => undefined);
    worker.unref();
    return worker;
  }

  /**
   * Computes all parts of a kernel, the same with one thread and with many.
   *
   * @throws Error where a thread could not compute its part
   */
  play(task: Task, run: RunPart): void {
    if (this.threads === 1 || task.addresses.length > MOST_OPERANDS) {
      for (let part = 0; part < task.parts; part++) run(...addressesOf(task, part));
    } else if (!this.#task.play(task, run))
      throw new Error('a thread could not compute its part of a kernel');
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all((this.#workers ?? []).map((worker) => worker.terminate()));
    this.#workers = [];
  }
}
