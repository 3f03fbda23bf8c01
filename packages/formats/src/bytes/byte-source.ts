import { AncError } from '@anc/core';

/** Bytes that need not be in memory: of a file or of an array. */
export interface ByteSource {
  /** Number of bytes. */
  readonly length: number;
  /**
   * Reads the bytes from `begin` up to, but not including, `end`.
   * @param reuse memory to read into; without it the result is an array of its own
   * @throws `ANC_FILE` if the source does not have these bytes
   */
  read(begin: number, end: number, reuse?: ReusableBuffer): Uint8Array<ArrayBuffer>;
}

/**
 * One buffer for many reads, which avoids GC pressure. What was read into it is valid until the next read.
 */
export class ReusableBuffer {
  #bytes = new Uint8Array(0);

  /** Returns `length` bytes with arbitrary content. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length);
    return this.#bytes.subarray(0, length);
  }

  /** Returns `length` numbers with arbitrary content. */
  floats(length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.take(4 * length).buffer, 0, length);
  }
}

/** An array in memory as a byte source. */
export const inMemory = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read(begin, end, reuse) {
    if (begin < 0 || end > bytes.length || begin > end) {
      throw new AncError('ANC_FILE', `bytes ${begin} to ${end} are not among the ${bytes.length}.`);
    }
    const output = reuse?.take(end - begin) ?? new Uint8Array(end - begin);
    output.set(bytes.subarray(begin, end));
    return output;
  },
});

/** Whether a source starts with the given bytes. */
export function startsWith(source: ByteSource, start: readonly number[]): boolean {
  if (source.length < start.length) return false;
  const bytes = source.read(0, start.length);
  return start.every((byte, i) => bytes[i] === byte);
}
