/** A struct of Thrift's compact protocol, as far as it is read: integers, booleans as 1 and 0, and structs by field number. */
export type ThriftStruct = ReadonlyMap<number, number | ThriftStruct>;

const MOST_DEPTH = 16;
const [TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] as const; // prettier-ignore

/**
 * Reads a struct at offset `at`; returns its fields and the offset of its end.
 *
 * @throws RangeError if a length or a number of elements exceeds the remaining bytes, so that a reader can trust all
 *   others.
 */
export function walkThrift(bytes: Uint8Array, at: number): { fields: ThriftStruct; end: number } {
  const reader = new Walker(bytes, at);
  return { fields: reader.struct(0), end: reader.at };
}

class Walker {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  struct(depth: number): ThriftStruct {
    if (depth > MOST_DEPTH) throw new RangeError('structs too deep');
    const fields = new Map<number, number | ThriftStruct>();
    for (let id = 0; ;) {
      const byte = this.#byte();
      if (byte === 0) return fields;
      id = byte >> 4 === 0 ? unzigzag(this.#varint()) : id + (byte >> 4);
      const value = this.#value(byte & 15, depth, true);
      if (value !== null) fields.set(id, value);
    }
  }

  /** A value of a type; null for types that are skipped. Booleans are in the field's head, or a byte in lists. */
  #value(type: number, depth: number, inField: boolean): number | ThriftStruct | null {
    switch (type) {
      case TRUE:
      case FALSE:
        if (inField) return type === TRUE ? 1 : 0;
        this.#byte();
        return null;
      case BYTE:
        this.#byte();
        return null;
      case I16:
      case I32:
      case I64:
        return unzigzag(this.#varint());
      case DOUBLE:
        return this.#skip(8);
      case BINARY:
        return this.#skip(this.#varint());
      case LIST:
      case SET: {
        const head = this.#byte();
        const count = head >> 4 === 15 ? this.#varint() : head >> 4;
        return this.#elements(count, [head & 15], depth);
      }
      case MAP: {
        const count = this.#varint();
        const types = count === 0 ? 0 : this.#byte();
        return this.#elements(count, [types >> 4, types & 15], depth);
      }
      case STRUCT:
        return this.struct(depth + 1);
      default:
        throw new RangeError(`type ${type}`);
    }
  }

  #elements(count: number, types: readonly number[], depth: number): null {
    if (depth > MOST_DEPTH) throw new RangeError('lists too deep');
    if (count > this.bytes.length - this.at) throw new RangeError(`${count} elements`); // each takes at least a byte
    for (let i = 0; i < count; i++) for (const type of types) this.#value(type, depth + 1, false);
    return null;
  }

  #skip(length: number): null {
    if (length > this.bytes.length - this.at) throw new RangeError(`${length} bytes`);
    this.at += length;
    return null;
  }

  #byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new RangeError('the end');
    return byte;
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('a number too large');
      if (byte < 128) return value;
    }
  }
}

const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);
