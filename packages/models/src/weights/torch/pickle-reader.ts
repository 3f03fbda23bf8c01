import { AncError } from '@anc/core';

/** A file that is not what it says, or is cut short. */
export const damagedCheckpoint = (why: string, hint?: string): AncError =>
  new AncError('ANC_CHECKPOINT', `not a readable PyTorch checkpoint: ${why}.`, {
    ...(hint === undefined ? {} : { hint }),
  });

/** Little-endian numbers and strings from bytes; throws `ANC_CHECKPOINT` at the end of them. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  /** Moves on by `length` bytes and returns where they start. */
  #take(length: number): number {
    const start = this.#position;
    if (!(length >= 0) || start + length > this.#bytes.length) {
      throw damagedCheckpoint(`it ends at byte ${this.#bytes.length}, in the middle of a value`);
    }
    this.#position += length;
    return start;
  }

  byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** Throws where the number is not a safe integer. */
  uint64(): number {
    const value = this.#view.getBigUint64(this.#take(8), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damagedCheckpoint(`it claims a size of ${value}`);
    return Number(value);
  }

  /** Big-endian, as pickle writes them. */
  float64(): number {
    return this.#view.getFloat64(this.#take(8), false);
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(length: number): string {
    return new TextDecoder().decode(this.bytes(length));
  }

  /** Text up to the next line feed, which is taken too. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end === -1) throw damagedCheckpoint('a line has no end');
    const text = this.text(end - this.#position);
    this.#position = end + 1;
    return text;
  }

  /** Two's-complement integer of `length` bytes; throws where it is not a safe integer. */
  long(length: number): number {
    const bytes = this.bytes(length);
    if (length > 8) throw damagedCheckpoint(`it holds an integer of ${length} bytes`);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    const signed = Number(BigInt.asIntN(8 * length, value));
    if (!Number.isSafeInteger(signed)) throw damagedCheckpoint(`it holds the integer ${signed}`);
    return signed;
  }
}
