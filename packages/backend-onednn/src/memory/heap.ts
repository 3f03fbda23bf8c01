import { AncError } from '@anc/core/worker';
import { webAssembly } from './web-assembly.js';

/** Bytes of a page of WebAssembly. */
const PAGE = 65536;
/** Pages that 32-bit addresses reach: 4 GiB. */
const MOST_PAGES = 65536;
/** Bytes to which allocations are aligned: a cache line, and a vector of AVX-512. */
const ALIGNMENT = 64;

const rounded = (bytes: number): number => Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT;

/**
 * Memory of steps and states: of a WebAssembly module, whose kernels reach it by 32-bit addresses, and the library by those of
 * the process. It is shared memory because that keeps views valid, and its place, when it grows.
 */
export class Heap {
  readonly memory = new webAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
  /** Free parts by their begin, in order; address 0 is never given. */
  readonly #free: { begin: number; end: number }[] = [{ begin: ALIGNMENT, end: PAGE }];
  readonly #sizes = new Map<number, number>();

  /** The memory as it is now: views of it stay valid. */
  get buffer(): ArrayBufferLike {
    return this.memory.buffer;
  }

  /** Bytes that are allocated. */
  get used(): number {
    let sum = 0;
    for (const size of this.#sizes.values()) sum += size;
    return sum;
  }

  /**
   * The place of new memory, whose content is undefined.
   *
   * @throws `ANC_BACKEND_DEVICE` where 4 GiB do not suffice
   */
  allocate(bytes: number): number {
    const size = rounded(bytes);
    let at = this.#free.findIndex(({ begin, end }) => end - begin >= size);
    if (at < 0) {
      this.#grow(size);
      at = this.#free.findIndex(({ begin, end }) => end - begin >= size);
    }
    const part = this.#free[at]!;
    const place = part.begin;
    part.begin += size;
    if (part.begin === part.end) this.#free.splice(at, 1);
    this.#sizes.set(place, size);
    return place;
  }

  free(place: number): void {
    const size = this.#sizes.get(place);
    if (size === undefined) throw new Error('this memory is not allocated');
    this.#sizes.delete(place);
    this.#release(place, place + size);
  }

  #release(begin: number, end: number): void {
    let at = this.#free.findIndex((part) => part.begin > begin);
    if (at < 0) at = this.#free.length;
    this.#free.splice(at, 0, { begin, end });
    for (const i of [at, at - 1]) {
      const [left, right] = [this.#free[i], this.#free[i + 1]];
      if (left?.end === undefined || left.end !== right?.begin) continue;
      left.end = right.end;
      this.#free.splice(i + 1, 1);
    }
  }

  #grow(size: number): void {
    const end = this.memory.buffer.byteLength;
    const last = this.#free.at(-1);
    const missing = size - (last?.end === end ? end - last.begin : 0);
    try {
      this.memory.grow(Math.ceil(missing / PAGE));
    } catch (cause) {
      throw new AncError('ANC_BACKEND_DEVICE', 'backend "onednn": this step needs too much memory.', {
        expected: 'at most 4 GiB for states and for what steps compute',
        received: `${((this.used + size) / 2 ** 30).toFixed(1)} GiB`,
        hint: 'use smaller batches (--batch-size, --accumulate), or the backend onnx.',
        cause,
      });
    }
    this.#release(end, this.memory.buffer.byteLength);
  }
}
