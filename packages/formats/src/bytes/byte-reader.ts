import { inMemory, type ByteSource } from './byte-source.js';
import type { Damaged } from './damaged.js';

/** Bytes to read ahead: pickles are small, and the storages behind them are skipped. */
const WINDOW = 1 << 16;

/** Longest line: lines hold names of Python modules and classes. */
const LINE_LIMIT = 4096;

/** Refuses what is not UTF-8 instead of replacing it: pickles hold binary data as text, too. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads little-endian numbers and strings one after the other. Every method throws what `damaged` makes when the source
 * ends early.
 */
export class ByteReader {
  readonly #source: ByteSource;
  readonly #damaged: Damaged;
  #position: number;
  #window: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#window.buffer);
  /** Where the window starts in the source. */
  #start = 0;

  constructor(source: ByteSource, damaged: Damaged, position = 0) {
    this.#source = source;
    this.#damaged = damaged;
    this.#position = position;
  }

  /** Reads an array without copying it: `bytes` then returns views of the array. */
  static over(bytes: Uint8Array, damaged: Damaged): ByteReader {
    const reader = new ByteReader(inMemory(bytes), damaged);
    reader.#hold(bytes, 0);
    return reader;
  }

  /** Of the source. */
  get length(): number {
    return this.#source.length;
  }

  get position(): number {
    return this.#position;
  }

  /** Advances by `length` bytes without reading them. */
  skip(length: number): void {
    if (!(length >= 0) || this.#position + length > this.#source.length) {
      throw this.#damaged(`it ends at byte ${this.#source.length}, in the middle of a value`);
    }
    this.#position += length;
  }

  /** Advances by `length` bytes and makes sure that the window holds them. Returns their offset in the window. */
  #take(length: number): number {
    const begin = this.#position;
    this.skip(length);
    if (begin < this.#start || this.#position > this.#start + this.#window.length) {
      const end = Math.min(begin + Math.max(length, WINDOW), this.#source.length);
      this.#hold(this.#source.read(begin, end), begin);
    }
    return begin - this.#start;
  }

  #hold(window: Uint8Array, start: number): void {
    this.#window = window;
    this.#view = new DataView(window.buffer, window.byteOffset, window.byteLength);
    this.#start = start;
  }

  byte(): number {
    const at = this.#take(1);
    return this.#view.getUint8(at);
  }

  uint16(): number {
    const at = this.#take(2);
    return this.#view.getUint16(at, true);
  }

  uint32(): number {
    const at = this.#take(4);
    return this.#view.getUint32(at, true);
  }

  int32(): number {
    const at = this.#take(4);
    return this.#view.getInt32(at, true);
  }

  /** Throws for a number that is not a safe integer. */
  uint64(): number {
    const at = this.#take(8);
    const value = this.#view.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.#damaged(`it claims a size of ${value}`);
    return Number(value);
  }

  /** Big-endian, as in pickles. */
  float64(): number {
    const at = this.#take(8);
    return this.#view.getFloat64(at, false);
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#window.subarray(at, at + length);
  }

  /** UTF-8; throws for bytes that are not. */
  text(length: number): string {
    const [at, bytes] = [this.#position, this.bytes(length)];
    try {
      return decoder.decode(bytes);
    } catch {
      throw this.#damaged(`its text at byte ${at} is not UTF-8`);
    }
  }

  /** Text up to the next line feed, which is consumed too. */
  line(): string {
    const begin = this.#position;
    for (let length = 0; length <= LINE_LIMIT; length++) {
      if (this.byte() !== 0x0a) continue;
      this.#position = begin;
      const text = this.text(length);
      this.skip(1);
      return text;
    }
    throw this.#damaged('a line has no end');
  }

  /** A two's-complement integer of `length` bytes; NaN for one that is not a safe integer, such as the state of a generator. */
  long(length: number): number {
    if (length > 8) {
      this.skip(length);
      return NaN;
    }
    let value = 0n;
    for (let i = 0; i < length; i++) value |= BigInt(this.byte()) << BigInt(8 * i);
    const signed = Number(BigInt.asIntN(8 * length, value));
    return Number.isSafeInteger(signed) ? signed : NaN;
  }
}
