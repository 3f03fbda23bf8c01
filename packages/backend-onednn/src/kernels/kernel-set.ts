import { webAssembly } from '../memory/web-assembly.js';
import { functionsOf, moduleOf } from './assembler.js';
import { compileNest } from './compile-nest.js';
import { divided, type Division } from './division.js';
import type { KernelThreads } from './kernel-threads.js';
import type { LoopNest } from './loop-nest.js';
import type { RunPart } from './shared-task.js';

/** Pages of the memory that a module imports, at most. */
const MOST_PAGES = 65536;

/** A nest as it is computed: at once, or in parts whose sums are then added up. */
interface Kernel {
  readonly function: number;
  readonly division: Division | null;
  /** Functions that add up the sums of the parts. */
  readonly totals: readonly number[];
}

/** The kernels of a program, in one module of WebAssembly. Equal ones are one function. */
export class KernelSet {
  readonly #nests: LoopNest[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #kernels: Kernel[] = [];
  readonly #known = new Map<string, number>();
  #functions: ((number: number) => RunPart) | null = null;
  #module: number | null = null;

  constructor(readonly threads: KernelThreads) {}

  /** The number of a kernel. */
  add(nest: LoopNest): number {
    const key = JSON.stringify(nest);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const division = divided(nest);
    const kernel: Kernel = {
      function: this.#function(division?.part ?? nest),
      division,
      totals: division?.sums.map(({ total }) => this.#function(total)) ?? [],
    };
    this.#known.set(key, this.#kernels.length);
    return this.#kernels.push(kernel) - 1;
  }

  /** How many numbers each sum of all its parts together has: memory that a kernel is given. */
  partial(number: number): readonly number[] {
    const { division } = this.#kernels[number]!;
    return division?.sums.map(({ count }) => count * division.parts) ?? [];
  }

  #function(nest: LoopNest): number {
    const key = JSON.stringify(nest);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#nests.length);
    return this.#nests.push(nest) - 1;
  }

  /** Compiles all that were added. */
  compile(): void {
    const module = new webAssembly.Module(moduleOf(this.#nests.map(compileNest), MOST_PAGES));
    this.#functions = functionsOf(module, this.threads.heap.memory);
    if (this.#kernels.some(({ division }) => division !== null)) this.#module = this.threads.add(module);
  }

  /** A compiled kernel with its operands. */
  prepare(number: number, operands: readonly number[]): () => void {
    const { function: own, division, totals } = this.#kernels[number]!;
    const run = this.#functions!(own);
    if (division === null) return () => run(...operands);
    const { parts, steps, sums } = division;
    const partial = operands.slice(steps.length);
    const addresses = operands.slice(0, steps.length);
    const outputs = steps.length - division.part.outputs.length;
    const add = sums.map(({ output }, i) => {
      const place = outputs + output;
      const [from, to] = [partial[i]!, addresses[place]!];
      addresses[place] = from;
      const total = this.#functions!(totals[i]!);
      return () => total(from, to);
    });
    const task = {
      module: this.#module!,
      kernel: own,
      parts,
      addresses,
      steps,
    };
    return () => {
      this.threads.play(task, run);
      for (const each of add) each();
    };
  }

  /** Frees what the threads hold of the module. */
  release(): void {
    if (this.#module !== null) this.threads.remove(this.#module);
    this.#module = null;
  }
}
