import { ByteReader } from '../bytes/byte-reader.js';
import type { Damaged } from '../bytes/damaged.js';
import { unpickle, type Pickled, type PicklePolicy } from './unpickle.js';

/** A NumPy array in a pickle: its shape, the code of its element type (`u1` for bytes), and its bytes, row-major. */
export class NumpyArray {
  /** Shape, row-major. */
  shape: readonly number[] = [];
  /** Code of the element type, e.g. `f4`. */
  dtype = '';
  /** The elements' bytes, row-major. */
  data = new Uint8Array(0) as Uint8Array;
}

class NumpyDtype {
  constructor(readonly code: string) {}
}

type Value = Pickled<NumpyArray | NumpyDtype>;

const RECONSTRUCT = ['numpy.core.multiarray._reconstruct', 'numpy._core.multiarray._reconstruct'];
const ARRAY = 'numpy.ndarray';
const DTYPE = 'numpy.dtype';
/** Python 3 writes bytes as text with this call in pickles of protocol 2. */
const ENCODE = '_codecs.encode';
const ALLOWED = new Set([...RECONSTRUCT, ARRAY, DTYPE, ENCODE]);

const LATIN_1 = new Set(['latin1', 'latin-1', 'iso-8859-1']);
/** The version of an array's state that NumPy writes. */
const STATE_VERSION = 1;

/** One character per byte. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

/** The bytes of a text that has one character per byte. */
function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const textOf = (value: Value | undefined): string =>
  value instanceof Uint8Array ? latin1(value) : typeof value === 'string' ? value : '';

/** Whether a text has one character per byte. */
const isLatin1 = (text: unknown): text is string => typeof text === 'string' && !/[^\0-\xff]/.test(text);

/** Arrays have at most 64 axes in NumPy. */
const MOST_AXES = 64;

/**
 * Allows plain data and row-major NumPy arrays.
 * @param length bytes of the file, which bound those that are made of texts: many calls may refer to one text
 */
const numpyPolicy = (damaged: Damaged, length: number): PicklePolicy<NumpyArray | NumpyDtype> => ({
  damaged,
  byteString: (bytes) => bytes,
  allow(name) {
    if (!ALLOWED.has(name)) throw damaged(`it refers to ${name}, which is not plain data`);
  },
  call(name, [first, second]) {
    if (RECONSTRUCT.includes(name)) return new NumpyArray();
    if (name === DTYPE) return new NumpyDtype(textOf(first));
    if (name === ENCODE && isLatin1(first) && LATIN_1.has(textOf(second))) {
      length -= first.length;
      if (length < 0) throw damaged('its texts are larger than the file');
      return bytesOf(first);
    }
    throw damaged(`it calls ${name}, which does not build an array here`);
  },
  /** NumPy's state is (version, shape, dtype, column-major, bytes). A dtype's own state adds nothing for bytes. */
  setState(target, state) {
    if (target instanceof NumpyDtype) return;
    const [version, shape, dtype, columnMajor, data] = Array.isArray(state) ? state : [];
    const isValid =
      target instanceof NumpyArray &&
      Array.isArray(shape) &&
      shape.length <= MOST_AXES &&
      dtype instanceof NumpyDtype;
    if (!isValid || version !== STATE_VERSION || columnMajor !== false || !(data instanceof Uint8Array)) {
      throw damaged('it sets a state that is not that of a row-major array');
    }
    target.shape = shape.map((size) => (typeof size === 'number' ? size : -1)); // -1 matches no size
    target.dtype = dtype.code;
    target.data = data;
  },
  persistent() {
    throw damaged('it refers to an object outside of the file');
  },
});

/**
 * Reads a pickled dictionary of plain data (numbers, text, bytes, lists, dictionaries) and NumPy arrays. Keys become
 * text. The bytes of arrays are views of `bytes`, except those that Python 3 wrote as text.
 * @throws what `damaged` makes, for anything else and for a file that ends early
 */
export function unpickleNumpy(bytes: Uint8Array, damaged: Damaged): ReadonlyMap<string, unknown> {
  const root = unpickle(ByteReader.over(bytes, damaged), numpyPolicy(damaged, bytes.length));
  if (!(root instanceof Map)) throw damaged('it does not hold a dictionary');
  return new Map([...root].map(([key, value]) => [textOf(key), value]));
}
