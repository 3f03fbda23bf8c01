import { AncError, type ByteSource } from '@anc/core';

/** A file that is not what it says, or is cut short. */
export const damagedCheckpoint = (
  why: string,
  hint = 'get the file again where it was cut short, or save it again with torch.save(model.state_dict(), path).',
): AncError => new AncError('ANC_CHECKPOINT', `not a readable PyTorch checkpoint: ${why}.`, { hint });

/** Bytes that are read ahead at a time: pickles are small, and the storages behind them are skipped. */
const WINDOW = 1 << 16;

/** Lines are names of Python's modules and classes. */
const LINE_LIMIT = 4096;

const decoder = new TextDecoder();

/** Little-endian numbers and strings, one after the other; throws `ANC_CHECKPOINT` at the end of the source. */
export class ByteReader {
  readonly #source: ByteSource;
  #position: number;
  #window = new DataView(new ArrayBuffer(0));
  /** Where the window starts in the source. */
  #start = 0;

  constructor(source: ByteSource, position = 0) {
    this.#source = source;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  /** Moves on by `length` bytes, which are not read. */
  skip(length: number): void {
    if (!(length >= 0) || this.#position + length > this.#source.length) {
      throw damagedCheckpoint(`it ends at byte ${this.#source.length}, in the middle of a value`);
    }
    this.#position += length;
  }

  /** Moves on by `length` bytes, which the window holds then. Returns where they start in it. */
  #take(length: number): number {
    const begin = this.#position;
    this.skip(length);
    const { byteLength } = this.#window;
    if (begin < this.#start || this.#position > this.#start + byteLength) {
      const end = Math.min(begin + Math.max(length, WINDOW), this.#source.length);
      this.#window = new DataView(this.#source.read(begin, end).buffer);
      this.#start = begin;
    }
    return begin - this.#start;
  }

  byte(): number {
    const at = this.#take(1);
    return this.#window.getUint8(at);
  }

  uint16(): number {
    const at = this.#take(2);
    return this.#window.getUint16(at, true);
  }

  uint32(): number {
    const at = this.#take(4);
    return this.#window.getUint32(at, true);
  }

  int32(): number {
    const at = this.#take(4);
    return this.#window.getInt32(at, true);
  }

  /** Throws where the number is not a safe integer. */
  uint64(): number {
    const at = this.#take(8);
    const value = this.#window.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damagedCheckpoint(`it claims a size of ${value}`);
    return Number(value);
  }

  /** Big-endian, as pickle writes them. */
  float64(): number {
    const at = this.#take(8);
    return this.#window.getFloat64(at, false);
  }

  text(length: number): string {
    const at = this.#take(length);
    return decoder.decode(new Uint8Array(this.#window.buffer, at, length));
  }

  /** Text up to the next line feed, which is taken too. */
  line(): string {
    const begin = this.#position;
    for (let length = 0; length <= LINE_LIMIT; length++) {
      if (this.byte() !== 0x0a) continue;
      this.#position = begin;
      const text = this.text(length);
      this.skip(1);
      return text;
    }
    throw damagedCheckpoint('a line has no end');
  }

  /** Two's-complement integer of `length` bytes; throws where it is not a safe integer. */
  long(length: number): number {
    if (length > 8) throw damagedCheckpoint(`it holds an integer of ${length} bytes`);
    let value = 0n;
    for (let i = 0; i < length; i++) value |= BigInt(this.byte()) << BigInt(8 * i);
    const signed = Number(BigInt.asIntN(8 * length, value));
    if (!Number.isSafeInteger(signed)) throw damagedCheckpoint(`it holds the integer ${signed}`);
    return signed;
  }
}
