/** Entries of one output: keys, and their vectors of `size` numbers one after the other. */
export interface SentEntries {
  readonly name: string;
  readonly size: number;
  /** Whole numbers up to 2^53. */
  readonly keys: Float64Array;
  readonly values: Float32Array;
}

/** Entries as bytes: the length of a header, the header, then keys and values of each output, in the machine's byte order. */
export function encodeEntries(all: readonly SentEntries[]): Uint8Array {
  const header = all.map(({ name, size, keys }) => ({ name, size, count: keys.length }));
  const text = new TextEncoder().encode(JSON.stringify(header));
  const parts = [
    new Uint8Array(Uint32Array.of(text.length).buffer),
    text,
    ...all.flatMap(({ keys, values }) => [bytesOf(keys), bytesOf(values)]),
  ];
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** What `encodeEntries` was given. */
export function decodeEntries(bytes: Uint8Array): readonly SentEntries[] {
  let at = 0;
  const next = (length: number): Uint8Array<ArrayBuffer> => bytes.slice(at, (at += length));
  const [length] = new Uint32Array(next(4).buffer);
  const header = JSON.parse(new TextDecoder().decode(next(length!))) as {
    readonly name: string;
    readonly size: number;
    readonly count: number;
  }[];
  return header.map(({ name, size, count }) => ({
    name,
    size,
    keys: new Float64Array(next(8 * count).buffer),
    values: new Float32Array(next(4 * count * size).buffer),
  }));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array | Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
