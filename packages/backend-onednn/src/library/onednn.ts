import { cpus } from 'node:os';
import type { CFunction, Koffi } from '@anc/core/worker';
import {
  ANY_LAYOUT,
  BLOCKED_LAYOUT,
  BYTES,
  DATA_TYPE,
  ISA_AVX2,
  ISA_AVX512,
  ISA_AVX2_VNNI_2,
  ISA_AVX2_VNNI,
  ISA_AVX512_BF16,
  ISA_AVX512_VNNI,
  MEMORY_QUERY,
  type DataType,
} from './constants.js';
import type { FoundLibrary } from './find-library.js';
import { hasInstructions, isBfloat16Fast } from './instructions.js';
import { FUNCTIONS, RESULTS, VALUES, type Describe, type FunctionName } from './functions.js';
import type { LibraryThreads } from './threads.js';

export type { Describe } from './functions.js';

/** An address of an object of the library. */
export type Handle = number;

/** Elements between neighbors along each axis; of an axis in blocks, between blocks, whose elements follow each other. */
export interface MemoryLayout {
  readonly strides: readonly number[];
  /** padded: the size of the axis in whole blocks. */
  readonly block: { readonly axis: number; readonly size: number; readonly padded: number } | null;
}

/** An operation that a primitive applies to its result before it is stored. */
export type PostOperation =
  | { readonly kind: 'sum' }
  | { readonly kind: 'eltwise'; readonly algorithm: number; readonly alpha: number; readonly beta: number }
  | { readonly kind: 'binary'; readonly algorithm: number; readonly operand: Handle };

/** An argument that is scaled, and a mask of the axes along which it has scales of their own. */
export type Scale = readonly [argument: number, mask: number];

/** An argument of a primitive: its name, and a memory object. */
export type Argument = readonly [name: number, memory: Handle];

const STATUS = [
  'success',
  'out of memory',
  'invalid arguments',
  'not implemented',
  'no further implementation',
  'runtime error',
  'not required',
];

/** Dimensions as the library takes them, in an array of 12. */
const dims = (sizes: readonly number[]): BigInt64Array => {
  const all = new BigInt64Array(12);
  sizes.forEach((size, i) => (all[i] = BigInt(size)));
  return all;
};

/** oneDNN on the processor: its functions with errors instead of statuses, and results instead of output arguments. */
export class Onednn {
  readonly version: string;
  readonly #functions: Readonly<Record<FunctionName, CFunction>>;
  readonly #engine: Handle;
  readonly #stream: Handle;
  readonly #address: (array: ArrayBufferView) => number;
  readonly #decode: (place: bigint, type: string, count: number) => ArrayLike<number | bigint>;

  constructor(
    { functions, version }: FoundLibrary,
    koffi: Koffi,
    /** What computes its primitives. */
    readonly threads: LibraryThreads,
  ) {
    this.version = version;
    const names = Object.keys(FUNCTIONS) as FunctionName[];
    this.#functions = Object.fromEntries(
      names.map((name) => [name, functions.func(name, RESULTS[name] ?? 'int', FUNCTIONS[name])]),
    ) as Record<FunctionName, CFunction>;
    this.#decode = (place, type, count) => koffi.decode(place, type, count) as ArrayLike<number | bigint>;
    this.#address = (array) => Number(koffi.address(array));
    this.#engine = this.create('dnnl_engine_create', 1, 0);
    this.#stream = this.create('dnnl_stream_create', this.#engine, 1);
  }

  /** Address of an array's first byte. The array must live as long as the address is used. */
  address(array: ArrayBufferView): Handle {
    return this.#address(array);
  }

  /** Whether this processor multiplies bfloat16 natively; elsewhere the library emulates it, slowly, or refuses. */
  get hasBfloat16(): boolean {
    return this.#hasOne(ISA_AVX512_BF16, ISA_AVX2_VNNI_2);
  }

  /** Whether this processor multiplies bfloat16 faster than float32. */
  get hasFastBfloat16(): boolean {
    return isBfloat16Fast(this.#instructionSets, cpus()[0]?.model ?? '');
  }

  /** Whether this processor sums products of bytes in 32 bits; elsewhere sums of two of them saturate at 16 bits. */
  get hasInt8(): boolean {
    return this.#hasOne(ISA_AVX512_VNNI, ISA_AVX2_VNNI);
  }

  /** Channels in a block of the layout that this processor's code for convolutions likes best; null where there is none. */
  get channelBlock(): number | null {
    return this.#hasOne(ISA_AVX512) ? 16 : this.#hasOne(ISA_AVX2) ? 8 : null;
  }

  /** A descriptor of images [B, C, H, W] with channels in blocks. */
  blockedDescriptor(type: DataType, shape: readonly number[], block: number): Handle {
    const [sizes, number, tag] = [dims(shape), DATA_TYPE[type], BLOCKED_LAYOUT[block]];
    return this.create('dnnl_memory_desc_create_with_tag', shape.length, sizes, number, tag);
  }

  /** Bits are those of x86-64; other processors are not tested. */
  get #instructionSets(): number {
    return process.arch === 'x64' ? (this.#functions.dnnl_get_effective_cpu_isa() as number) : 0;
  }

  #hasOne(...sets: readonly number[]): boolean {
    return sets.some((set) => hasInstructions(this.#instructionSets, set));
  }

  /** @throws Error with the function's name and status */
  call(name: FunctionName, ...args: readonly unknown[]): number {
    const result = this.#functions[name](...args) as number;
    if (!VALUES.has(name) && result !== 0)
      throw new Error(`${name}: ${STATUS[result] ?? `status ${result}`}`);
    return result;
  }

  /** Calls a function whose first argument receives a handle. */
  create(name: FunctionName, ...args: readonly unknown[]): Handle {
    const out = new BigUint64Array(1);
    this.call(name, out, ...args);
    return Number(out[0]);
  }

  /** A memory descriptor with these strides, or with a layout that a primitive chooses (null). */
  memoryDescriptor(type: DataType, shape: readonly number[], strides: readonly number[] | null): Handle {
    const [sizes, number] = [dims(shape), DATA_TYPE[type]];
    return strides === null
      ? this.create('dnnl_memory_desc_create_with_tag', shape.length, sizes, number, ANY_LAYOUT)
      : this.create('dnnl_memory_desc_create_with_strides', shape.length, sizes, number, dims(strides));
  }

  /** Bytes that a tensor of a descriptor takes. */
  sizeOf(descriptor: Handle): number {
    return this.call('dnnl_memory_desc_get_size', descriptor);
  }

  /** How the elements of a descriptor lie; null where they lie neither in strides nor in blocks of one axis. */
  layoutOf(descriptor: Handle, rank: number): MemoryLayout | null {
    const count = new Int32Array(1);
    if (this.#functions.dnnl_memory_desc_query(descriptor, MEMORY_QUERY.blocks, count) !== 0) return null;
    const strides = this.#sizes(descriptor, MEMORY_QUERY.strides, rank);
    if (count[0] === 0) return { strides, block: null };
    if (count[0] !== 1) return null;
    const [size] = this.#sizes(descriptor, MEMORY_QUERY.blockSizes, 1) as [number];
    const [axis] = this.#sizes(descriptor, MEMORY_QUERY.blockAxes, 1) as [number];
    const padded = this.#sizes(descriptor, MEMORY_QUERY.paddedSizes, rank);
    return { strides, block: { axis, size, padded: padded[axis]! } };
  }

  #sizes(descriptor: Handle, query: number, count: number): number[] {
    const place = new BigUint64Array(1);
    this.call('dnnl_memory_desc_query', descriptor, query, place);
    return Array.from(this.#decode(place[0]!, 'int64_t', count), Number);
  }

  equal(a: Handle, b: Handle): boolean {
    return this.call('dnnl_memory_desc_equal', a, b) !== 0;
  }

  /** A descriptor of a primitive; lists of numbers are sizes. Its attributes are the operations after it. */
  describe(
    name: Describe,
    args: readonly (number | readonly number[])[],
    after: readonly PostOperation[] = [],
    scales: readonly Scale[] = [],
  ): Handle {
    const attributes = after.length + scales.length === 0 ? 0 : this.#attributes(after, scales);
    const passed = args.map((arg) => (typeof arg === 'number' ? arg : dims(arg)));
    const engine = this.#engine;
    try {
      return name === 'dnnl_reorder_primitive_desc_create'
        ? this.create(name, passed[0], engine, passed[1], engine, attributes)
        : this.create(name, engine, ...passed, attributes);
    } finally {
      if (attributes !== 0) this.call('dnnl_primitive_attr_destroy', attributes);
    }
  }

  #attributes(operations: readonly PostOperation[], scales: readonly Scale[]): Handle {
    const list = this.create('dnnl_post_ops_create');
    for (const each of operations) {
      if (each.kind === 'sum') this.call('dnnl_post_ops_append_sum', list, 1, 0, 0);
      else if (each.kind === 'binary')
        this.call('dnnl_post_ops_append_binary', list, each.algorithm, each.operand);
      else this.call('dnnl_post_ops_append_eltwise', list, each.algorithm, each.alpha, each.beta);
    }
    const attributes = this.create('dnnl_primitive_attr_create');
    this.call('dnnl_primitive_attr_set_post_ops', attributes, list);
    this.call('dnnl_post_ops_destroy', list);
    for (const [argument, mask] of scales) {
      this.call('dnnl_primitive_attr_set_scales_mask', attributes, argument, mask);
    }
    return attributes;
  }

  /** A copy of a descriptor that a primitive chose, which lives until it is destroyed. */
  chosen(primitive: Handle, query: number): Handle {
    return this.create(
      'dnnl_memory_desc_clone',
      this.call('dnnl_primitive_desc_query_md', primitive, query, 0),
    );
  }

  /** A memory object over bytes at an address. */
  memory(descriptor: Handle, address: number): Handle {
    return this.create('dnnl_memory_create', descriptor, this.#engine, address);
  }

  /**
   * A primitive with its arguments, ready to be executed many times: one call of the library, of about 0.2 µs of overhead.
   *
   * @param isAlone whether one thread computes it
   */
  executable(primitive: Handle, args: readonly Argument[], isAlone: boolean): () => void {
    const list = new BigInt64Array(2 * args.length); // { int name; void *memory; } with padding
    args.forEach(([name, memory], i) => {
      list[2 * i] = BigInt(name);
      list[2 * i + 1] = BigInt(memory);
    });
    const [execute, stream, address, count] = [
      this.#functions.dnnl_primitive_execute,
      this.#stream,
      this.address(list),
      args.length,
    ];
    return () => {
      this.threads.use(isAlone);
      const status = execute(primitive, stream, count, address) as number;
      if (status !== 0 || list.length === 0)
        throw new Error(`dnnl_primitive_execute: ${STATUS[status] ?? status}`);
    };
  }

  close(): void {
    this.call('dnnl_stream_destroy', this.#stream);
    this.call('dnnl_engine_destroy', this.#engine);
  }
}

/** Bytes of a plain tensor. */
export const bytesOfShape = (type: DataType, shape: readonly number[]): number =>
  BYTES[type] * shape.reduce((product, size) => product * size, 1);
