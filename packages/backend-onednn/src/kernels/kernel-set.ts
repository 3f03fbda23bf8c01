import type { Heap } from '../memory/heap.js';
import { webAssembly } from '../memory/web-assembly.js';
import { moduleOf } from './assembler.js';
import { compileNest, type LoopNest } from './loop-nest.js';

/** Pages of the memory that a module imports, at most. */
const MOST_PAGES = 65536;

/** A kernel: its arguments are the addresses of inputs and outputs in the heap. */
export type RunKernel = (...addresses: number[]) => void;

/** The kernels of a program, in one module of WebAssembly. Equal ones are one function. */
export class KernelSet {
  readonly #nests: LoopNest[] = [];
  readonly #numbers = new Map<string, number>();
  #functions: readonly RunKernel[] = [];

  constructor(readonly heap: Heap) {}

  /** The number of a kernel. */
  add(nest: LoopNest): number {
    const key = JSON.stringify(nest);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#nests.length);
    return this.#nests.push(nest) - 1;
  }

  /** Compiles all that were added. */
  compile(): void {
    const bytes = moduleOf(this.#nests.map(compileNest), MOST_PAGES);
    const { exports } = new webAssembly.Instance(new webAssembly.Module(bytes), {
      memory: { heap: this.heap.memory },
    });
    this.#functions = this.#nests.map((_, i) => exports[`${i}`] as RunKernel);
  }

  /** A compiled kernel. */
  get(number: number): RunKernel {
    return this.#functions[number]!;
  }
}
