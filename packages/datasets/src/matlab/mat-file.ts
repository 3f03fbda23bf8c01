import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { corrupt } from '../files/data-error.js';

const inflateBytes = promisify(inflate);

/** A numeric array of a MAT file, in MATLAB's column-major order. */
export interface MatArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Float64Array;
}

/** Data types of the format's elements (MAT-File Format, MathWorks, Table 1-1) that can hold numbers. */
const NUMBERS: Readonly<Record<number, { size: number; read: keyof DataView & `get${string}` }>> = {
  1: { size: 1, read: 'getInt8' },
  2: { size: 1, read: 'getUint8' },
  3: { size: 2, read: 'getInt16' },
  4: { size: 2, read: 'getUint16' },
  5: { size: 4, read: 'getInt32' },
  6: { size: 4, read: 'getUint32' },
  7: { size: 4, read: 'getFloat32' },
  9: { size: 8, read: 'getFloat64' },
};
const BYTES = 2;
const MATRIX = 14;
const COMPRESSED = 15;

/** A tagged part of a MAT file. */
export interface Element {
  readonly type: number;
  readonly body: Uint8Array;
  /** Where the next element starts, padding included. */
  readonly next: number;
}

/**
 * Reads the numeric arrays of a MATLAB 5 file; cells, structures and text are passed over. Either byte order.
 *
 * `limit` bounds what any one compressed element may unpack to. Throws `ANC_DATA_CORRUPT` where the file is of
 * another format, cut short, or its sizes contradict each other.
 */
export async function parseMat(
  file: string,
  bytes: Uint8Array,
  limit: number,
): Promise<Map<string, MatArray>> {
  const arrays = new Map<string, MatArray>();
  for await (const { matrix, little } of matElements(file, bytes, limit)) {
    const array = parseMatrix(file, matrix, little);
    if (array !== null) arrays.set(array.name, array);
  }
  return arrays;
}

/** The matrices of a file, unpacked. Throws like `parseMat`. */
export async function* matElements(
  file: string,
  bytes: Uint8Array,
  limit: number,
): AsyncGenerator<{ matrix: Uint8Array; little: boolean }, void, undefined> {
  const mark = String.fromCharCode(...bytes.subarray(126, 128));
  if (bytes.length < 128 || (mark !== 'IM' && mark !== 'MI')) {
    throw corrupt(
      file,
      'not a MATLAB 5 file',
      'a header of 128 bytes that ends in IM or MI',
      JSON.stringify(mark),
    );
  }
  const little = mark === 'IM';
  for (let at = 128; at < bytes.length;) {
    const element = readElement(file, bytes, at, little);
    at = element.next;
    const matrix = element.type === COMPRESSED ? await unpacked(file, element.body, little, limit) : element;
    if (matrix.type === MATRIX) yield { matrix: matrix.body, little };
  }
}

async function unpacked(file: string, body: Uint8Array, little: boolean, limit: number): Promise<Element> {
  try {
    return readElement(
      file,
      await inflateBytes(body, { maxOutputLength: limit, chunkSize: 1 << 20 }),
      0,
      little,
    );
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw corrupt(file, 'unpacks to more than it should', `at most ${limit} bytes`, 'more');
    }
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_')) {
      throw corrupt(file, 'damaged compressed data', 'a whole zlib stream', cause.message);
    }
    throw cause;
  }
}

/** The element at `at`; small ones carry their data in the tag itself. */
export function readElement(file: string, bytes: Uint8Array, at: number, little: boolean): Element {
  if (bytes.length - at < 8) throw corrupt(file, 'cut short', `8 bytes at ${at}`, `${bytes.length - at}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = view.getUint32(at, little);
  if (word >>> 16 !== 0) {
    const length = word >>> 16;
    if (length > 4) throw corrupt(file, 'damaged', 'at most 4 bytes in a small element', `${length}`);
    return { type: word & 0xffff, body: bytes.subarray(at + 4, at + 4 + length), next: at + 8 };
  }
  const length = view.getUint32(at + 4, little);
  if (length > bytes.length - at - 8) {
    throw corrupt(file, 'cut short', `${length} more bytes at ${at + 8}`, `${bytes.length - at - 8} bytes`);
  }
  const padding = word === COMPRESSED ? 0 : (8 - (length % 8)) % 8;
  return { type: word, body: bytes.subarray(at + 8, at + 8 + length), next: at + 8 + length + padding };
}

/** A matrix element: flags, dimensions, name, then the numbers. Null for what is not a plain numeric array. */
function parseMatrix(file: string, bytes: Uint8Array, little: boolean): (MatArray & { name: string }) | null {
  const flags = readElement(file, bytes, 0, little);
  if (flags.body.length < 8) throw corrupt(file, 'damaged', '8 bytes of array flags', `${flags.body.length}`);
  const word = new DataView(flags.body.buffer, flags.body.byteOffset).getUint32(0, little);
  const [kind, complex] = [word & 0xff, (word & 0x800) !== 0];
  if (kind < 6 || kind > 13 || complex) return null; // classes 6 to 13 are double to uint32
  const sizes = readElement(file, bytes, flags.next, little);
  const name = readElement(file, bytes, sizes.next, little);
  const values = readElement(file, bytes, name.next, little);
  const shape = [...numbers(file, sizes, little)];
  const data = values.type === BYTES ? values.body : numbers(file, values, little);
  if (
    shape.length < 2 ||
    shape.length > 8 ||
    shape.some((n) => n < 0) ||
    shape.reduce((a, b) => a * b, 1) !== data.length
  ) {
    throw corrupt(
      file,
      'an array whose sizes contradict its data',
      `[${shape.slice(0, 8).join(', ')}]`,
      `${data.length} numbers`,
    );
  }
  return { name: Buffer.from(name.body).toString('latin1'), shape, data };
}

function numbers(file: string, { type, body }: Element, little: boolean): Float64Array {
  const kind = NUMBERS[type];
  if (kind === undefined) throw corrupt(file, 'damaged', 'a type of number', `type ${type}`);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const length = Math.floor(body.length / kind.size);
  const read = view[kind.read].bind(view) as (at: number, little: boolean) => number;
  return Float64Array.from({ length }, (_, i) => read(i * kind.size, little));
}
