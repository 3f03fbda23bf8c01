/** Longer than other files: every operator uses these functions, which share the tensors and the steps so far. */
import { AncError, sizeOf } from '@anc/core';
import type { FlatGraph, FlatNode, FlatPort } from '../graph/flat-graph.js';
import { ARGUMENT, BYTES, scalesOf, type DataType } from '../library/constants.js';
import {
  bytesOfShape,
  type Argument,
  type Describe,
  type Handle,
  type MemoryLayout,
  type Onednn,
  type PostOperation,
  type Scale,
} from '../library/onednn.js';
import type { Heap } from '../memory/heap.js';
import { isCondition } from '../kernels/expressions.js';
import { KernelSet } from '../kernels/kernel-set.js';
import type { KernelThreads } from '../kernels/kernel-threads.js';
import type { LoopNest } from '../kernels/loop-nest.js';
import {
  aligned,
  ALIGNMENT,
  isPlain,
  placesOf,
  plainStrides,
  Storage,
  type Place,
  type Tensor,
} from './storage.js';

/** What floats are computed with. */
export type Precision = 'float32' | 'bfloat16' | 'int8';

/** Smallest and largest number of values, by their place in the graph. */
export type Ranges = Map<number, readonly [least: number, most: number]>;

/** How a value is stored in 8 bits. */
export interface Quantization {
  readonly type: 'uint8' | 'int8';
  readonly scale: number;
}

/** A tensor for host code: its elements in the order of the axes. */
export interface HostArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** A step of a program before tensors have places. */
interface Planned {
  readonly tensors: readonly Tensor[];
  /** Makes what runs, once every tensor has a place. */
  readonly prepare: () => () => void;
  /** Results whose elements are computed from those at the same places of tensors with the same strides: a kernel's. */
  readonly elementwise?: readonly Tensor[];
}

/** What runs, and where it reads and writes. */
export interface Finished {
  /** What runs, in order; a step that uses the state is there after `bind`. */
  readonly steps: readonly (() => void)[];
  /** Gives entries of the state their places in the heap. */
  readonly bind: (places: ReadonlyMap<string, number>) => void;
  /** Memory that the steps use by its address alone. */
  readonly buffers: readonly ArrayBufferLike[];
  readonly inputs: ReadonlyMap<string, HostArray>;
  readonly outputs: ReadonlyMap<string, HostArray>;
  /** Bytes that the tensors share. */
  readonly arena: number;
}

/** The library's type of an element type; 64-bit integers are shapes and positions, which 32 bits hold. */
const TYPES = { float32: 'float32', int32: 'int32', int64: 'int32', uint8: 'uint8', bool: 'uint8' } as const;

/** Prefixes of inputs that are entries of a state, and of outputs that replace them. */
const STATE = 'state/';
const NEXT = 'next/';

/** Work of a primitive that several threads share, at least: about 50 µs of one thread's time. */
const LEAST_WORK = 2 ** 18;

const unbound = (): void => {
  throw new Error('this program has no state yet');
};

/** The library knows no tensor without axes. */
export const shaped = (shape: readonly number[]): readonly number[] => (shape.length === 0 ? [1] : shape);

/**
 * Turns the nodes of a graph into steps: primitives of the library and, for what it lacks, host code. What depends on
 * constants only is computed at once.
 */
export class Builder {
  readonly #tensors = new Map<number, Tensor>();
  readonly #steps: Planned[] = [];
  readonly #storages = new Set<Storage>();
  readonly #conversions = new Map<Tensor, Tensor[]>();
  /** Uses of each value that are still to come; outputs of the graph count as one that never ends. */
  readonly #uses = new Map<number, number>();
  readonly #consumers = new Map<number, FlatNode[]>();
  /** Values that depend on constants only. */
  readonly #constants = new Set<number>();
  readonly #quantized = new Map<number, Tensor>();
  readonly #done = new Set<FlatNode>();
  readonly #descriptors: Handle[] = [];
  readonly #primitives = new Map<Handle, Handle>();
  readonly #descriptions: Handle[] = [];
  #memories: Handle[] = [];
  /** Handles of memory that is the state's. */
  #boundMemories: Handle[] = [];
  /** The program's inputs as they are given; an output may replace the tensor of their value. */
  readonly #given = new Map<number, Tensor>();
  readonly #states = new Map<string, Storage>();
  readonly #producers = new Map<number, FlatNode>();
  readonly #replacing = new Set<number>();
  /** Places in the heap that are this program's own. */
  readonly #kept: number[] = [];
  readonly #layouts = new Map<Handle, MemoryLayout | null>();
  /** Forward passes and the layouts of their results, by the value that their backward pass reads. */
  readonly forward = new Map<number, { readonly descriptor: Handle; readonly result: Handle }>();
  /** Where the tensors of a step are; null for functions. */
  readonly heap: Heap | null;
  /** Kernels of a step; null for functions, which have none. */
  readonly kernels: KernelSet | null;

  constructor(
    readonly library: Onednn,
    readonly graph: FlatGraph,
    readonly precision: Precision,
    /** Measured ranges of the inputs of products, which are then computed with 8 bits. */
    readonly ranges: Ranges | null = null,
    /** Where such ranges are to be written while the program runs. */
    readonly measured: Ranges | null = null,
    /** What computes the kernels of a step, on a heap where its tensors are; a function's are in memory of its own. */
    threads: KernelThreads | null = null,
    /** Nodes that kernels compute. */
    readonly grouped: ReadonlySet<FlatNode> = new Set(),
  ) {
    const heap = threads?.heap ?? null;
    this.heap = heap;
    this.kernels = threads === null ? null : new KernelSet(threads);
    graph.values.forEach(({ data }, value) => data !== null && this.#constants.add(value));
    for (const { name, value } of graph.outputs) if (name.startsWith(NEXT)) this.#replacing.add(value);
    for (const node of graph.nodes) {
      for (const output of node.outputs) this.#producers.set(output, node);
      if (node.inputs.every((input) => input === null || this.#constants.has(input))) {
        for (const output of node.outputs) this.#constants.add(output);
      }
      // kernels may compute a condition again, wherever they read it
      const uses = heap !== null && isCondition(graph, node) ? 2 : 1;
      for (const input of node.inputs) {
        if (input === null) continue;
        this.#uses.set(input, (this.#uses.get(input) ?? 0) + uses);
        this.#consumers.set(input, [...(this.#consumers.get(input) ?? []), node]);
      }
    }
    for (const { value } of graph.outputs) this.#uses.set(value, Infinity);
    for (const { name, value } of graph.inputs) this.#input(name, value);
  }

  #input(name: string, value: number): void {
    const { type, shape } = this.graph.values[value]!;
    const dims = shaped(shape);
    const bytes = bytesOfShape(TYPES[type], dims);
    const isState = this.heap !== null && name.startsWith(STATE);
    const storage = isState ? new Storage(bytes, false, true) : this.#keep(bytes, false);
    if (isState) this.#states.set(name.slice(STATE.length), storage);
    const tensor = this.#tensor(TYPES[type], dims, plainStrides(dims), storage);
    this.#given.set(value, tensor);
    this.set(value, tensor);
  }

  /** Memory outside of the arena. */
  #keep(bytes: number, isConstant: boolean): Storage {
    const storage = new Storage(bytes, isConstant, true);
    if (this.heap !== null) {
      const place = this.heap.allocate(bytes);
      this.#kept.push(place);
      storage.put(this.heap.buffer, place);
      return storage;
    }
    const buffer = new ArrayBuffer(aligned(bytes) + ALIGNMENT);
    const address = this.library.address(new Uint8Array(buffer));
    storage.put(buffer, (ALIGNMENT - (address % ALIGNMENT)) % ALIGNMENT);
    return storage;
  }

  #tensor(
    type: DataType,
    shape: readonly number[],
    layout: readonly number[] | Handle,
    storage: Storage,
    offset = 0,
    scale: number | null = null,
  ): Tensor {
    const strides = typeof layout === 'number' ? null : layout;
    const descriptor = typeof layout === 'number' ? layout : this.descriptor(type, shape, layout);
    return { type, shape, strides, descriptor, storage, offset, scale };
  }

  /** A memory descriptor that lives as long as the program; any layout where strides are null. */
  descriptor(type: DataType, shape: readonly number[], strides: readonly number[] | null): Handle {
    const made = this.library.memoryDescriptor(type, shape, strides);
    this.#descriptors.push(made);
    return made;
  }

  /** The type of activations: in training they stay float32. */
  get activation(): DataType {
    return this.precision === 'bfloat16' && this.heap === null ? 'bfloat16' : 'float32';
  }

  /** The type of what products multiply. */
  get factor(): DataType {
    return this.precision === 'bfloat16' ? 'bfloat16' : 'float32';
  }

  /**
   * Descriptors of the images that a convolution of a step maps to each other: with channels in blocks where these divide
   * both, so that forward and backward passes agree; else the library chooses.
   */
  imageDescriptors(
    groups: number,
    ...images: readonly (readonly [type: DataType, shape: readonly number[]])[]
  ): readonly Handle[] {
    const block = this.heap === null || groups > 1 ? null : this.library.channelBlock;
    const isWhole = block !== null && images.every(([, shape]) => shape[1]! % block === 0);
    return images.map(([type, shape]) => {
      if (!isWhole) return this.descriptor(type, shape, null);
      const made = this.library.blockedDescriptor(type, shape, block);
      this.#descriptors.push(made);
      return made;
    });
  }

  /** How the elements of a tensor lie; null where the layout is neither of strides nor of blocks. */
  layoutOf({ strides, descriptor, shape }: Tensor): MemoryLayout | null {
    if (strides !== null) return { strides, block: null };
    const known = this.#layouts.get(descriptor);
    if (known !== undefined) return known;
    const found = this.library.layoutOf(descriptor, shape.length);
    this.#layouts.set(descriptor, found);
    return found;
  }

  isDone(node: FlatNode): boolean {
    return this.#done.has(node);
  }

  /** The tensor of a value; a constant is put into memory when it is first used. */
  get(value: number): Tensor {
    const known = this.#tensors.get(value);
    if (known !== undefined) return known;
    const { type, shape, data } = this.graph.values[value]!;
    const quantized = this.#quantized.get(value);
    if (quantized !== undefined) {
      const floats = this.as(quantized, quantized.strides ?? plainStrides(quantized.shape), 'float32');
      this.set(value, floats);
      return floats;
    }
    if (data === null) throw new Error(`value ${value} is used before it is computed`);
    const dims = shaped(shape);
    const tensor = this.#tensor(
      TYPES[type],
      dims,
      plainStrides(dims),
      this.#keep(bytesOfShape(TYPES[type], dims), true),
    );
    const target = this.host(tensor).data;
    for (let i = 0; i < data.length; i++) target[i] = clampedInteger(Number(data[i]), type === 'int64');
    this.set(value, tensor);
    return tensor;
  }

  /** Whether a value's tensor is there already: an input, a constant, or computed. */
  has(value: number): boolean {
    return this.#tensors.has(value) || this.#quantized.has(value) || this.graph.values[value]!.data !== null;
  }

  set(value: number, tensor: Tensor): void {
    this.#tensors.set(value, tensor);
    tensor.storage.values.add(value);
  }

  /** Marks a node as computed: its inputs are used once less. */
  finish(node: FlatNode): void {
    this.#done.add(node);
    for (const input of node.inputs) if (input !== null) this.#uses.set(input, this.#uses.get(input)! - 1);
  }

  /** The node that computes a value; undefined for inputs and constants. */
  producer(value: number): FlatNode | undefined {
    return this.#producers.get(value);
  }

  /** Whether a value is an output that replaces an entry of the state. */
  replacesState(value: number): boolean {
    return this.#replacing.has(value);
  }

  /** The nodes that read a value; null where it is an output of the graph, too. */
  consumers(value: number): readonly FlatNode[] | null {
    return this.#uses.get(value) === Infinity ? null : (this.#consumers.get(value) ?? []);
  }

  /** The only user of a value; null where there are several, or the value is an output of the graph. */
  onlyConsumer(value: number): FlatNode | null {
    return this.#uses.get(value) === 1 && this.#consumers.get(value)!.length === 1
      ? this.#consumers.get(value)![0]!
      : null;
  }

  /**
   * Whether the uses that are being built are the last of the memory that holds a value, which they may then overwrite.
   *
   * @param reads number of these uses
   */
  mayOverwrite(value: number, reads = 1): boolean {
    const { storage } = this.get(value);
    if (storage.isFixed) return false;
    return [...storage.values].every(
      (other) => (this.#uses.get(other) ?? 0) === (other === value ? reads : 0),
    );
  }

  /** A new tensor: a constant where all that it is computed from are constants. */
  fresh(
    type: DataType,
    shape: readonly number[],
    layout: readonly number[] | Handle,
    from: readonly Tensor[],
    scale: number | null = null,
  ): Tensor {
    const isConstant = from.every(({ storage }) => storage.isConstant);
    const descriptor = typeof layout === 'number' ? layout : this.descriptor(type, shape, layout);
    const bytes = this.library.sizeOf(descriptor);
    const storage = isConstant ? this.#keep(bytes, true) : new Storage(bytes, false);
    if (!isConstant) this.#storages.add(storage);
    return this.#tensor(type, shape, layout, storage, 0, scale);
  }

  /** A new tensor for an output of a node that the host computes. */
  empty(value: number, from: readonly Tensor[]): Tensor {
    const { type, shape } = this.graph.values[value]!;
    return this.plain(TYPES[type], shaped(shape), from);
  }

  /** Whether anything is left that reads a value. */
  isRead(value: number): boolean {
    return (this.#uses.get(value) ?? 0) > 0;
  }

  /** A new tensor whose elements follow each other. */
  plain(type: DataType, shape: readonly number[], from: readonly Tensor[]): Tensor {
    return this.fresh(type, shape, plainStrides(shape), from);
  }

  /** The same memory seen with another shape and strides. offset: elements from its beginning. */
  view(x: Tensor, shape: readonly number[], strides: readonly number[], offset = 0): Tensor {
    return this.#tensor(x.type, shape, strides, x.storage, x.offset + offset * BYTES[x.type], x.scale);
  }

  /** A tensor's elements with another layout or type; the same tensor where nothing changes. */
  as(x: Tensor, layout: readonly number[] | Handle, type: DataType = x.type): Tensor {
    const descriptor = typeof layout === 'number' ? layout : this.descriptor(type, x.shape, layout);
    // A layout that the library chose may be one of strides.
    const known = this.#conversions.get(x) ?? [];
    const same = [x, ...known].find((each) => this.library.equal(each.descriptor, descriptor));
    if (same !== undefined) {
      return same.strides === null && typeof layout !== 'number' ? { ...same, strides: layout } : same;
    }
    this.#conversions.set(x, known);
    const made = this.fresh(type, x.shape, layout, [x], type === x.type ? x.scale : null);
    this.copy(x, made);
    known.push(made);
    return made;
  }

  /** A tensor whose elements follow each other in the order of the axes, with strides. */
  asPlain(x: Tensor, type: DataType = x.type): Tensor {
    return isPlain(x) && x.type === type ? x : this.as(x, plainStrides(x.shape), type);
  }

  /** A tensor with strides: as it is where it has some. */
  asStrided(x: Tensor): Tensor {
    return x.strides === null ? this.asPlain(x) : x;
  }

  /** Copies elements into a tensor of the same shape, converting type and layout. */
  copy(from: Tensor, to: Tensor): void {
    const isScaled = (tensor: Tensor): boolean => tensor.scale !== null && from.scale !== to.scale;
    const scaled = (
      [
        [ARGUMENT.source, from],
        [ARGUMENT.destination, to],
      ] as const
    ).filter(([, tensor]) => isScaled(tensor));
    this.emit(
      'dnnl_reorder_primitive_desc_create',
      [from.descriptor, to.descriptor],
      [],
      () => [
        [ARGUMENT.source, from],
        ...scaled.map(([argument, { scale }]) => [scalesOf(argument), this.vector([scale!])] as const),
        [ARGUMENT.destination, to],
      ],
      scaled.map(([argument]) => [argument, 0] as const),
      2 * sizeOf(from.shape),
    );
  }

  /** Constant floats. */
  vector(numbers: ArrayLike<number>, shape: readonly number[] = [numbers.length]): Tensor {
    const made = this.plain('float32', shape, []);
    this.host(made).data.set(numbers);
    return made;
  }

  /** How the input of a product is stored in 8 bits; null where its range was not measured. */
  quantization(value: number): Quantization | null {
    const range = this.ranges?.get(value);
    if (range === undefined) return null;
    const [least, most] = range;
    const isSigned = least < 0;
    const limit = Math.max(-least, most, 1e-8);
    return { type: isSigned ? 'int8' : 'uint8', scale: limit / (isSigned ? 127 : 255) };
  }

  /** The 8-bit tensor of the input of a product. */
  quantized(value: number, { type, scale }: Quantization): Tensor {
    const known = this.#quantized.get(value);
    if (known !== undefined) return known;
    const x = this.get(value);
    const made = this.fresh(type, x.shape, x.strides ?? plainStrides(x.shape), [x], scale);
    this.copy(x, made);
    this.setQuantized(value, made);
    return made;
  }

  /** The 8-bit tensor of a value that has no other; null where it has. */
  quantizedAlone(value: number): Tensor | null {
    return this.#tensors.has(value) ? null : (this.#quantized.get(value) ?? null);
  }

  setQuantized(value: number, tensor: Tensor): void {
    this.#quantized.set(value, tensor);
    tensor.storage.values.add(value);
  }

  /** Measures the range of the input of a product while the program runs, where that is wanted. */
  measure(value: number): void {
    const { measured } = this;
    if (measured === null) return;
    const x = this.asPlain(this.get(value), 'float32');
    if (x.storage.isConstant) return;
    const sink = this.plain('uint8', [1], [x]);
    this.emitHost([x], [sink], ([numbers]) => {
      let [least, most] = measured.get(value) ?? [Infinity, -Infinity];
      const { data } = numbers!;
      for (let i = 0; i < data.length; i++) {
        const number = data[i]!;
        if (number < least) least = number;
        if (number > most) most = number;
      }
      measured.set(value, [least, most]);
    });
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
    const { library } = this;
    const isAlone = work < LEAST_WORK;
    library.threads.use(isAlone);
    const description = library.describe(name, args, after, scales);
    const placed = place((query) => {
      const descriptor = library.chosen(description, query);
      this.#descriptors.push(descriptor);
      return descriptor;
    });
    library.threads.use(isAlone); // placing it may have made others
    const primitive = library.create('dnnl_primitive_create', description);
    this.#primitives.set(primitive, description);
    const prepare = (): (() => void) =>
      library.executable(
        primitive,
        placed.map(([argument, tensor]): Argument => [argument, this.#memory(tensor)]),
        isAlone,
      );
    this.#add({ tensors: placed.map(([, tensor]) => tensor), prepare }, placed.at(-1)![1]);
    return description;
  }

  /** A primitive that is described only: a forward pass of whose descriptor a backward pass is made. */
  describe(name: Describe, args: readonly (number | readonly number[])[]): Handle {
    this.library.threads.use(false);
    const description = this.library.describe(name, args);
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
    const partial = kernels.partial(number).map((count) => this.plain('float32', [count], outputs));
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
      const [from, to] = [inputs, outputs].map((list) => list.map((tensor) => this.host(tensor)));
      return () => run(from!, to!);
    };
    this.#add({ tensors: [...inputs, ...outputs], prepare }, outputs[0]!);
  }

  #add(planned: Planned, result: Tensor): void {
    if (result.storage.isConstant) {
      planned.prepare()();
      return;
    }
    for (const { storage } of planned.tensors) storage.usedBy(this.#steps.length);
    this.#steps.push(planned);
  }

  #memory(tensor: Tensor): Handle {
    const { buffer, offset } = tensor.storage.place;
    const address = this.library.address(new Uint8Array(buffer)) + offset + tensor.offset;
    const memory = this.library.memory(tensor.descriptor, address);
    this.#memories.push(memory);
    return memory;
  }

  /** A plain tensor's elements; signed bytes as their bits. */
  host({ type, shape, storage, offset }: Tensor): HostArray {
    const { buffer, offset: place } = storage.place;
    const count = shape.reduce((product, size) => product * size, 1);
    const at = place + offset;
    const data =
      type === 'float32'
        ? new Float32Array(buffer, at, count)
        : type === 'int32'
          ? new Int32Array(buffer, at, count)
          : new Uint8Array(buffer, at, count);
    return { shape, data };
  }

  /** Whether a value depends on constants only, even where it is still to be computed. */
  isConstant(value: number): boolean {
    return this.#constants.has(value);
  }

  /** The numbers of a constant; null where a tensor is none. */
  constant(value: number): HostArray | null {
    if (!this.has(value)) return null;
    const tensor = this.get(value);
    if (!tensor.storage.isConstant) return null;
    const type = tensor.type === 'bfloat16' ? 'float32' : tensor.type;
    return this.host(this.asPlain(tensor, type));
  }

  /** The numbers of a constant that describes an operation: axes, sizes, paddings. */
  numbers(node: FlatNode, input: number): readonly number[] {
    const value = node.inputs[input];
    const found = value === null || value === undefined ? null : this.constant(value);
    if (found === null) throw unsupported(node.op, `input ${input} is not constant`);
    return Array.from(found.data);
  }

  /** Brings the outputs of the graph to plain tensors of their own type. */
  exportOutputs(): void {
    for (const { name, value } of this.graph.outputs) {
      const tensor = this.get(value);
      const plain = this.asPlain(tensor, tensor.type === 'bfloat16' ? 'float32' : tensor.type);
      this.#tensors.set(value, plain);
      // an entry of a state that another one is replaced by: it may be overwritten before that is done
      if (this.heap === null || !name.startsWith(NEXT) || !plain.storage.isFixed) continue;
      if (plain.storage.isConstant) continue;
      const copy = this.plain(plain.type, plain.shape, [plain]);
      this.copy(plain, copy);
      this.#tensors.set(value, copy);
    }
  }

  /**
   * Outputs that replace an entry of the state and may be computed in its place: nothing reads the entry afterwards, but for
   * the kernel that computes the output from the elements at the same places.
   */
  #computedInPlace(): Map<Storage, string> {
    const found = new Map<Storage, string>();
    for (const { name, value } of this.graph.outputs) {
      const entry = name.startsWith(NEXT) ? name.slice(NEXT.length) : null;
      const old = entry === null ? undefined : this.#states.get(entry);
      const { storage, offset, strides } = this.get(value);
      if (old === undefined || storage.isFixed || found.has(storage)) continue;
      if (offset !== 0 || storage.bytes !== old.bytes) continue;
      const step = this.#steps[storage.first];
      const isElementwise =
        step?.elementwise?.some((tensor) => tensor.storage === storage) === true &&
        step.tensors.every(
          (tensor) =>
            tensor.storage !== old || (tensor.offset === 0 && tensor.strides?.join() === strides!.join()),
        );
      if (old.last < storage.first || (old.last === storage.first && isElementwise))
        found.set(storage, entry!);
    }
    return found;
  }

  /**
   * Gives every tensor a place and makes the steps ready to run.
   *
   * @param advances whether outputs that replace entries of the state do so at once
   */
  finished(advances = false): Finished {
    const last = this.#steps.length;
    for (const { value } of this.graph.outputs) this.get(value).storage.usedBy(last);
    const inPlace = advances ? this.#computedInPlace() : new Map<Storage, string>();
    const used = [...this.#storages].filter((storage) => storage.last >= 0 && !inPlace.has(storage));
    const { offsets, bytes } = placesOf(used);
    const arena = this.#arena(bytes);
    used.forEach((storage, i) => storage.put(arena.buffer, offsets[i]! + arena.offset));
    this.kernels?.compile();
    const states = new Map(this.#states);
    const ofState = new Set([...states.values(), ...inPlace.keys()]);
    const planned = [...this.#steps];
    const bound = planned.map(({ tensors }) => tensors.some(({ storage }) => ofState.has(storage)));
    const steps = planned.map(({ prepare }, i) => (bound[i]! ? unbound : prepare()));
    const buffers = planned.flatMap(({ tensors }, i) =>
      bound[i]! ? [] : tensors.map(({ storage }) => storage.place.buffer),
    );
    const input = ({ name, value }: FlatPort) => [name, this.host(this.#given.get(value)!)] as const;
    const output = ({ name, value }: FlatPort) => [name, this.host(this.get(value))] as const;
    const isEntry = ({ name }: FlatPort): boolean => this.heap !== null && name.startsWith(STATE);
    const replaces = ({ name }: FlatPort): boolean => advances && name.startsWith(NEXT);
    const written = this.graph.outputs.filter(replaces).flatMap(({ name, value }) => {
      const entry = name.slice(NEXT.length);
      const { storage, offset, type, shape } = this.get(value);
      return inPlace.get(storage) === entry
        ? []
        : [{ entry, storage, offset, bytes: bytesOfShape(type, shape) }];
    });
    const bind = (places: ReadonlyMap<string, number>): void => {
      const { buffer } = this.heap!;
      for (const [entry, storage] of states) storage.put(buffer, places.get(entry)!);
      for (const [storage, entry] of inPlace) storage.put(buffer, places.get(entry)!);
      for (const memory of this.#boundMemories) this.library.call('dnnl_memory_destroy', memory);
      const ours = this.#memories;
      this.#memories = [];
      planned.forEach(({ prepare }, i) => {
        if (bound[i]!) steps[i] = prepare();
      });
      this.#boundMemories = this.#memories;
      this.#memories = ours;
      written.forEach(({ entry, storage, offset, bytes }, i) => {
        const from = new Uint8Array(storage.place.buffer, storage.place.offset + offset, bytes);
        const to = new Uint8Array(buffer, places.get(entry), bytes);
        steps[last + i] = () => to.set(from);
      });
    };
    const finished = {
      steps,
      bind,
      buffers: [...new Set(buffers)],
      inputs: new Map(this.graph.inputs.filter((port) => !isEntry(port)).map(input)),
      outputs: new Map(this.graph.outputs.filter((port) => !replaces(port)).map(output)),
      arena: bytes,
    };
    // Constants that steps hold in another form need no memory any more.
    for (const map of [this.#tensors, this.#quantized, this.#conversions, this.#storages]) map.clear();
    this.#steps.length = 0;
    return finished;
  }

  #arena(bytes: number): Place {
    if (this.heap !== null) {
      const offset = this.heap.allocate(bytes);
      this.#kept.push(offset);
      return { buffer: this.heap.buffer, offset };
    }
    const buffer = new ArrayBuffer(bytes + ALIGNMENT);
    return {
      buffer,
      offset: (ALIGNMENT - (this.library.address(new Uint8Array(buffer)) % ALIGNMENT)) % ALIGNMENT,
    };
  }

  /** Frees what the library holds for this program. */
  release(): void {
    const { library } = this;
    this.kernels?.release();
    for (const memory of [...this.#memories, ...this.#boundMemories])
      library.call('dnnl_memory_destroy', memory);
    for (const place of this.#kept) this.heap!.free(place);
    for (const [primitive, description] of this.#primitives) {
      library.call('dnnl_primitive_destroy', primitive);
      library.call('dnnl_primitive_desc_destroy', description);
    }
    for (const description of this.#descriptions) library.call('dnnl_primitive_desc_destroy', description);
    for (const descriptor of this.#descriptors) library.call('dnnl_memory_desc_destroy', descriptor);
  }
}

/** The largest numbers of 64 bits stand for "to the end". */
const clampedInteger = (value: number, is64: boolean): number =>
  is64 ? Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value)) : value;

export const unsupported = (op: string, why: string): AncError =>
  new AncError('ANC_COMPILE_UNSUPPORTED', `backend "onednn" cannot compute ${op}: ${why}.`, {
    received: op,
    hint: 'use the backend onnx, which computes every operation.',
  });
