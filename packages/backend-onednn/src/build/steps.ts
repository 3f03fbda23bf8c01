import { KernelSet } from '../kernels/kernel-set.js';
import type { KernelThreads } from '../kernels/kernel-threads.js';
import type { LoopNest } from '../kernels/loop-nest.js';
import type { Argument, Describe, Handle, PostOperation, Scale } from '../library/onednn.js';
import type { Memory } from './memory.js';
import type { HostArray, Tensor } from './storage.js';

/** A step of a program before tensors have places. */
export interface PlannedStep {
  readonly tensors: readonly Tensor[];
  /** Makes what runs, once every tensor has a place. */
  readonly prepare: () => () => void;
  /** Results whose elements are computed from those at the same places of tensors with the same strides: a kernel's. */
  readonly elementwise?: readonly Tensor[];
}

/** Work of a primitive that several threads share, at least: about 100 µs of one thread's time. */
const LEAST_WORK = 2 ** 19;

/** The steps of a program: primitives of the library, kernels and host code. What computes constants runs at once. */
export class Steps {
  readonly #planned: PlannedStep[] = [];
  readonly #primitives = new Map<Handle, Handle>();
  readonly #descriptions: Handle[] = [];
  /** Kernels of a step; null for functions, which have none. */
  readonly kernels: KernelSet | null;

  /** @param threads what computes the kernels of a step; null for functions */
  constructor(
    readonly memory: Memory,
    threads: KernelThreads | null,
  ) {
    this.kernels = threads === null ? null : new KernelSet(threads);
  }

  /** The steps so far, in order. */
  get planned(): readonly PlannedStep[] {
    return this.#planned;
  }

  /**
   * Adds a primitive. `place` is given its descriptor, from which layouts that it chose are read, and returns its
   * arguments, the last of which is what it computes.
   *
   * @param work elements that it reads and writes, or a sixteenth of its multiplications: little of it is done by one thread, because
   *   it takes others longer to wake up
   * @throws Error where the library has no such primitive
   */
  emit(
    name: Describe,
    args: readonly (number | readonly number[])[],
    after: readonly PostOperation[],
    place: (chosen: (query: number) => Handle) => readonly (readonly [argument: number, tensor: Tensor])[],
    scales: readonly Scale[] = [],
    work = Infinity,
  ): Handle {
    const { memory } = this;
    const { library } = memory;
    const isAlone = work < LEAST_WORK;
    library.threads.use(isAlone);
    const description = library.describe(name, args, after, scales);
    const placed = place((query) => memory.owned(library.chosen(description, query)));
    library.threads.use(isAlone); // placing it may have made others
    const primitive = library.create('dnnl_primitive_create', description);
    this.#primitives.set(primitive, description);
    const prepare = (): (() => void) =>
      library.executable(
        primitive,
        placed.map(([argument, tensor]): Argument => [argument, memory.object(tensor)]),
        isAlone,
      );
    this.#add({ tensors: placed.map(([, tensor]) => tensor), prepare }, placed.at(-1)![1]);
    return description;
  }

  /** A primitive that is described only: a forward pass of whose descriptor a backward pass is made. */
  describe(name: Describe, args: readonly (number | readonly number[])[]): Handle {
    const { library } = this.memory;
    library.threads.use(false);
    const description = library.describe(name, args);
    this.#descriptions.push(description);
    return description;
  }

  /** Adds a kernel of the heap. elementwise: those of its outputs that are no sums. */
  emitKernel(
    nest: LoopNest,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    elementwise: readonly Tensor[],
  ): void {
    const kernels = this.kernels!;
    const number = kernels.add(nest);
    const partial = kernels.partial(number).map((count) => this.memory.plain('float32', [count], outputs));
    const tensors = [...inputs, ...outputs, ...partial];
    const prepare = (): (() => void) =>
      kernels.prepare(
        number,
        tensors.map(({ storage, offset }) => storage.place.offset + offset),
      );
    this.#add({ tensors, prepare, elementwise }, outputs[0]!);
  }

  /** Adds host code on plain tensors, the last of which are its results. */
  emitHost(
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    run: (inputs: HostArray[], outputs: HostArray[]) => void,
  ): void {
    const prepare = (): (() => void) => {
      const [from, to] = [inputs, outputs].map((list) => list.map((tensor) => this.memory.host(tensor)));
      return () => run(from!, to!);
    };
    this.#add({ tensors: [...inputs, ...outputs], prepare }, outputs[0]!);
  }

  #add(planned: PlannedStep, result: Tensor): void {
    if (result.storage.isConstant) {
      planned.prepare()();
      return;
    }
    for (const { storage } of planned.tensors) storage.usedBy(this.#planned.length);
    this.#planned.push(planned);
  }

  /** Forgets the steps, and with them what only their preparation needs. */
  clear(): void {
    this.#planned.length = 0;
  }

  release(): void {
    const { library } = this.memory;
    this.kernels?.release();
    for (const [primitive, description] of this.#primitives) {
      library.call('dnnl_primitive_destroy', primitive);
      library.call('dnnl_primitive_desc_destroy', description);
    }
    for (const description of this.#descriptions) library.call('dnnl_primitive_desc_destroy', description);
  }
}
