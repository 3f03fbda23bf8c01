import { sizeOf } from '@anc/core/worker';
import type { FlatGraph, FlatNode } from '../graph/flat-graph.js';
import { readsAsImage } from './images.js';
import type { KernelThreads } from '../kernels/kernel-threads.js';
import { ARGUMENT, scalesOf, type DataType } from '../library/constants.js';
import { bytesOfShape, type Handle, type Onednn } from '../library/onednn.js';
import type { Heap } from '../memory/heap.js';
import { Memory } from './memory.js';
import type { Ranges } from './quantization.js';
import { Steps } from './steps.js';
import { isPlain, plainStrides, shaped, Storage, type Tensor } from './storage.js';
import { Uses } from './uses.js';

/** What floats are computed with. */
export type Precision = 'float32' | 'bfloat16' | 'int8';

/** The library's type of an element type; 64-bit integers are shapes and positions, which 32 bits hold. */
const TYPES = { float32: 'float32', int32: 'int32', int64: 'int32', uint8: 'uint8', bool: 'uint8' } as const;

/** Prefix of inputs that are entries of a state. */
export const STATE = 'state/';

/** How a graph is built. */
export interface BuilderOptions {
  /** Measured ranges of the inputs of products, which are then computed with 8 bits. */
  readonly ranges: Ranges | null;
  /** Where such ranges are to be written while the program runs. */
  readonly measured: Ranges | null;
  /** What computes the kernels of a step, on a heap where its tensors are; a function's are in memory of its own. */
  readonly threads: KernelThreads | null;
  /** Nodes that kernels compute. */
  readonly grouped: ReadonlySet<FlatNode>;
}

/**
 * What operators turn the nodes of a graph into steps with: the tensors of values, and conversions between their layouts and
 * types. What depends on constants only is computed at once.
 */
export class Builder {
  readonly #tensors = new Map<number, Tensor>();
  readonly #quantized = new Map<number, Tensor>();
  readonly #conversions = new Map<Tensor, Tensor[]>();
  /** The program's inputs as they are given, by value; an output may replace the tensor of their value. */
  readonly given = new Map<number, Tensor>();
  /** Memory of the entries of the state, by name. */
  readonly states = new Map<string, Storage>();
  /** Forward passes and the layouts of their results, by the value that their backward pass reads. */
  readonly forward = new Map<number, { readonly descriptor: Handle; readonly result: Handle }>();
  readonly uses: Uses;
  readonly memory: Memory;
  readonly steps: Steps;
  readonly ranges: Ranges | null;
  readonly measured: Ranges | null;
  readonly grouped: ReadonlySet<FlatNode>;

  constructor(
    readonly library: Onednn,
    readonly graph: FlatGraph,
    readonly precision: Precision,
    { ranges, measured, threads, grouped }: BuilderOptions,
  ) {
    this.ranges = ranges;
    this.measured = measured;
    this.grouped = grouped;
    this.memory = new Memory(library, threads?.heap ?? null);
    this.steps = new Steps(this.memory, threads);
    this.uses = new Uses(graph, threads !== null);
    for (const { name, value } of graph.inputs) this.#input(name, value);
  }

  #input(name: string, value: number): void {
    const { type, shape } = this.graph.values[value]!;
    const dims = shaped(shape);
    const bytes = bytesOfShape(TYPES[type], dims);
    const isState = this.heap !== null && name.startsWith(STATE);
    const storage = isState ? new Storage(bytes, false, true) : this.memory.keep(bytes, false);
    if (isState) this.states.set(name.slice(STATE.length), storage);
    const tensor = this.memory.tensor(TYPES[type], dims, plainStrides(dims), storage);
    this.given.set(value, tensor);
    this.set(value, tensor);
  }

  /** Where the tensors of a step are; null for functions. */
  get heap(): Heap | null {
    return this.memory.heap;
  }

  /**
   * What a value is stored as that a convolution (or the gradient of one by its input) or a kernel computes. With products of bfloat16, images of a
   * step's convolutions are: these need no copy of them, and kernels, which compute with float32 whatever they read, read half as many bytes. All
   * else in a step, sums, weights, losses and the state among it, is float32.
   */
  storedAs(value: number): 'float32' | 'bfloat16' {
    if (this.precision !== 'bfloat16') return 'float32';
    if (this.heap === null) return 'bfloat16';
    const isKept =
      this.graph.values[value]!.isImage &&
      this.uses.readers(value).every((node) => this.grouped.has(node) || readsAsImage(node, value));
    return isKept ? 'bfloat16' : 'float32';
  }

  /** The type of what products multiply. */
  get factor(): DataType {
    return this.precision === 'bfloat16' ? 'bfloat16' : 'float32';
  }

  /** The tensor of a value; a constant is put into memory when it is first used. */
  get(value: number): Tensor {
    const known = this.#tensors.get(value);
    if (known !== undefined) return known;
    const quantized = this.#quantized.get(value);
    const tensor =
      quantized === undefined
        ? this.#constant(value)
        : this.as(quantized, quantized.strides ?? plainStrides(quantized.shape), 'float32');
    this.set(value, tensor);
    return tensor;
  }

  #constant(value: number): Tensor {
    const { type, shape, data } = this.graph.values[value]!;
    if (data === null) throw new Error(`value ${value} is used before it is computed`);
    const { memory } = this;
    const dims = shaped(shape);
    const storage = memory.keep(bytesOfShape(TYPES[type], dims), true);
    const tensor = memory.tensor(TYPES[type], dims, plainStrides(dims), storage);
    const target = memory.host(tensor).data;
    for (let i = 0; i < data.length; i++) target[i] = clampedInteger(Number(data[i]), type === 'int64');
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

  /** The 8-bit tensor of a value; null where it has none. */
  quantized(value: number): Tensor | null {
    return this.#quantized.get(value) ?? null;
  }

  /** The 8-bit tensor of a value that has no other; null where it has. */
  quantizedAlone(value: number): Tensor | null {
    return this.#tensors.has(value) ? null : this.quantized(value);
  }

  setQuantized(value: number, tensor: Tensor): void {
    this.#quantized.set(value, tensor);
    tensor.storage.values.add(value);
  }

  /** A new tensor for an output of a node that the host computes. */
  empty(value: number, from: readonly Tensor[]): Tensor {
    const { type, shape } = this.graph.values[value]!;
    return this.memory.plain(TYPES[type], shaped(shape), from);
  }

  /**
   * Whether the uses that are being built are the last of the memory that holds a value, which they may then overwrite.
   *
   * @param reads number of these uses
   */
  mayOverwrite(value: number, reads = 1): boolean {
    const { storage } = this.get(value);
    if (storage.isFixed) return false;
    return [...storage.values].every((other) => this.uses.left(other) === (other === value ? reads : 0));
  }

  /** A tensor's elements with another layout or type; the same tensor where nothing changes. */
  as(x: Tensor, layout: readonly number[] | Handle, type: DataType = x.type): Tensor {
    const { memory, library } = this;
    const descriptor = typeof layout === 'number' ? layout : memory.descriptor(type, x.shape, layout);
    // A layout that the library chose may be one of strides.
    const known = this.#conversions.get(x) ?? [];
    const same = [x, ...known].find((each) => library.equal(each.descriptor, descriptor));
    if (same !== undefined) {
      return same.strides === null && typeof layout !== 'number' ? { ...same, strides: layout } : same;
    }
    this.#conversions.set(x, known);
    const made = memory.fresh(type, x.shape, layout, [x], type === x.type ? x.scale : null);
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
    this.steps.emit(
      'dnnl_reorder_primitive_desc_create',
      [from.descriptor, to.descriptor],
      [],
      () => [
        [ARGUMENT.source, from],
        ...scaled.map(([argument, { scale }]) => [scalesOf(argument), this.memory.vector([scale!])] as const),
        [ARGUMENT.destination, to],
      ],
      scaled.map(([argument]) => [argument, 0] as const),
      2 * sizeOf(from.shape),
    );
  }

  /** Forgets the tensors and steps: constants that steps hold in another form need no memory any more. */
  clear(): void {
    for (const map of [this.#tensors, this.#quantized, this.#conversions]) map.clear();
    this.steps.clear();
  }

  /** Frees what the library holds for this program. */
  release(): void {
    this.steps.release();
    this.memory.release();
  }
}

/** The largest numbers of 64 bits stand for "to the end". */
const clampedInteger = (value: number, is64: boolean): number =>
  is64 ? Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value)) : value;
