import { BLOCKED_LAYOUT, BYTES, type DataType } from '../library/constants.js';
import type { Handle, MemoryLayout, Onednn } from '../library/onednn.js';
import type { Heap } from '../memory/heap.js';
import {
  aligned,
  ALIGNMENT,
  placesOf,
  plainStrides,
  Storage,
  type HostArray,
  type Place,
  type Tensor,
} from './storage.js';

/**
 * The tensors of a program and their memory: on the heap of steps, or in memory of a function's own. What is kept from the
 * beginning has a place at once; all else shares an arena, in which it gets its place after all steps are known.
 */
export class Memory {
  readonly #descriptors: Handle[] = [];
  readonly #layouts = new Map<Handle, MemoryLayout | null>();
  /** What shares the arena. */
  readonly #storages = new Set<Storage>();
  /** Places in the heap that are this program's own. */
  readonly #kept: number[] = [];
  #objects: Handle[] = [];
  /** Memory objects that are remade when the state is another one. */
  #boundObjects: Handle[] = [];

  constructor(
    readonly library: Onednn,
    /** Where the tensors of a step are; null for functions. */
    readonly heap: Heap | null,
  ) {}

  /** A memory descriptor that lives as long as the program; any layout where strides are null. */
  descriptor(type: DataType, shape: readonly number[], strides: readonly number[] | null): Handle {
    return this.owned(this.library.memoryDescriptor(type, shape, strides));
  }

  /** Makes a descriptor live as long as the program. */
  owned(descriptor: Handle): Handle {
    this.#descriptors.push(descriptor);
    return descriptor;
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
    return images.map(([type, shape]) =>
      isWhole
        ? this.owned(this.library.blockedDescriptor(type, shape, block))
        : this.descriptor(type, shape, null),
    );
  }

  /**
   * The layout of images in blocks of channels, for elements of another type; null where they lie in another order than images that
   * are made by `imageDescriptors`.
   */
  withType({ type: own, shape, descriptor }: Tensor, block: number, type: DataType): Handle | null {
    if (type === own) return descriptor;
    if (shape.length !== 4 || BLOCKED_LAYOUT[block] === undefined) return null;
    const [same, other] = [own, type].map((each) =>
      this.owned(this.library.blockedDescriptor(each, shape, block)),
    ) as [Handle, Handle];
    return this.library.equal(same, descriptor) ? other : null;
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

  /** Memory outside of the arena. */
  keep(bytes: number, isConstant: boolean): Storage {
    const storage = new Storage(bytes, isConstant, true);
    const { buffer, offset } = this.#allocated(bytes);
    storage.put(buffer, offset);
    return storage;
  }

  #allocated(bytes: number): Place {
    if (this.heap !== null) {
      const offset = this.heap.allocate(bytes);
      this.#kept.push(offset);
      return { buffer: this.heap.buffer, offset };
    }
    const buffer = new ArrayBuffer(aligned(bytes) + ALIGNMENT);
    const address = this.library.address(new Uint8Array(buffer));
    return { buffer, offset: (ALIGNMENT - (address % ALIGNMENT)) % ALIGNMENT };
  }

  /** A tensor in given memory. */
  tensor(
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
    const storage = isConstant ? this.keep(bytes, true) : new Storage(bytes, false);
    if (!isConstant) this.#storages.add(storage);
    return this.tensor(type, shape, layout, storage, 0, scale);
  }

  /** A new tensor whose elements follow each other. */
  plain(type: DataType, shape: readonly number[], from: readonly Tensor[]): Tensor {
    return this.fresh(type, shape, plainStrides(shape), from);
  }

  /** Constant floats. */
  vector(numbers: ArrayLike<number>, shape: readonly number[] = [numbers.length]): Tensor {
    const made = this.plain('float32', shape, []);
    this.host(made).data.set(numbers);
    return made;
  }

  /** The same memory seen with another shape and strides. offset: elements from its beginning. */
  view(x: Tensor, shape: readonly number[], strides: readonly number[], offset = 0): Tensor {
    return this.tensor(x.type, shape, strides, x.storage, x.offset + offset * BYTES[x.type], x.scale);
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

  /** A memory object of the library over a tensor, which has a place. */
  object(tensor: Tensor): Handle {
    const { buffer, offset } = tensor.storage.place;
    const address = this.library.address(new Uint8Array(buffer)) + offset + tensor.offset;
    const made = this.library.memory(tensor.descriptor, address);
    this.#objects.push(made);
    return made;
  }

  /** Makes the memory objects of what uses the state, in place of those of the state before. */
  rebind(prepare: () => void): void {
    for (const object of this.#boundObjects) this.library.call('dnnl_memory_destroy', object);
    const others = this.#objects;
    this.#objects = [];
    prepare();
    this.#boundObjects = this.#objects;
    this.#objects = others;
  }

  /**
   * Gives tensors their places in the arena.
   *
   * @param elsewhere memory that will be in a state
   * @returns bytes of the arena
   */
  placeArena(elsewhere: ReadonlyMap<Storage, unknown>): number {
    const used = [...this.#storages].filter((storage) => storage.last >= 0 && !elsewhere.has(storage));
    const { offsets, bytes } = placesOf(used);
    const arena = this.#allocated(bytes);
    used.forEach((storage, i) => storage.put(arena.buffer, offsets[i]! + arena.offset));
    this.#storages.clear();
    return bytes;
  }

  release(): void {
    const { library } = this;
    for (const object of [...this.#objects, ...this.#boundObjects])
      library.call('dnnl_memory_destroy', object);
    for (const place of this.#kept) this.heap!.free(place);
    for (const descriptor of this.#descriptors) library.call('dnnl_memory_desc_destroy', descriptor);
  }
}
