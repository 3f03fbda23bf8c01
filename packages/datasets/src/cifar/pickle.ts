import { corrupt } from '../data-error.js';

/** A numpy array as pickled: its shape, its element type's code (`u1` for bytes) and its raw bytes. */
export class PickledArray {
  shape: readonly number[] = [];
  dtype = '';
  data: Uint8Array = new Uint8Array(0);
}

/** A constructor by name; the only ones that are known build arrays, so that a file cannot run anything. */
class Callable {
  constructor(readonly name: string) {}
}
class TypeObject {
  constructor(readonly code: string) {}
}

const KNOWN = new Set([
  'numpy.core.multiarray _reconstruct',
  'numpy._core.multiarray _reconstruct',
  'numpy ndarray',
  'numpy dtype',
  '_codecs encode',
]);

class Mark {
  readonly mark = true;
}

const MARK = new Mark();
type Item =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Item[]
  | Map<string, Item>
  | PickledArray
  | Callable
  | TypeObject
  | Mark;

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
const text = (item: Item | undefined): string =>
  item instanceof Uint8Array ? latin1(item) : typeof item === 'string' ? item : '';

/**
 * Reads a pickled dictionary, of the part of Python's format that CIFAR's python archives use (protocols 2 to 5:
 * numbers, text, lists, dictionaries, numpy arrays). Everything else, code above all, is refused. Byte strings
 * of Python 2 and 3 come as bytes, keys as text.
 *
 * Array bytes are views of `bytes`, not copies, except where Python 3 wrote them as text.
 * Throws `ANC_DATA_CORRUPT` on anything unknown and where the file ends early.
 */
export function unpickle(file: string, bytes: Uint8Array): ReadonlyMap<string, unknown> {
  return new Unpickler(file, bytes).run();
}

class Unpickler {
  readonly #stack: Item[] = [];
  readonly #memo = new Map<number, Item>();
  readonly #view: DataView;
  #at = 0;

  constructor(
    readonly file: string,
    readonly bytes: Uint8Array,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): Map<string, Item> {
    for (;;) {
      const op = String.fromCharCode(this.#take(1)[0]!);
      if (op !== '.') {
        this.#execute(op);
        continue;
      }
      const value = this.#pop();
      return value instanceof Map ? value : this.#fail('a dictionary', 'something else');
    }
  }

  #execute(op: string): void {
    const stack = this.#stack;
    switch (op) {
      case '\x80': // PROTO
        return void this.#take(1);
      case '\x95': // FRAME
        return void this.#take(8);
      case '(':
        return void stack.push(MARK);
      case 'N':
        return void stack.push(null);
      case '\x88':
        return void stack.push(true);
      case '\x89':
        return void stack.push(false);
      case 'K':
        return void stack.push(this.#take(1)[0]!);
      case 'M':
        return void stack.push(this.#uint(2));
      case 'J':
        return void stack.push(this.#uint(4) | 0);
      case 'U': // SHORT_BINSTRING
      case 'C': // SHORT_BINBYTES
        return void stack.push(this.#take(this.#uint(1)));
      case 'T': // BINSTRING
      case 'B': // BINBYTES
        return void stack.push(this.#take(this.#uint(4)));
      case '\x8e': // BINBYTES8
        return void stack.push(this.#take(this.#uint(8)));
      case '\x8c': // SHORT_BINUNICODE
        return void stack.push(this.#text(this.#uint(1)));
      case 'X': // BINUNICODE
        return void stack.push(this.#text(this.#uint(4)));
      case ']':
        return void stack.push([]);
      case '}':
        return void stack.push(new Map<string, Item>());
      case ')':
        return void stack.push([]);
      case 'a': {
        const item = this.#pop();
        return void this.#list(stack.at(-1)).push(item);
      }
      case 'e': {
        const items = this.#toMark();
        const list = this.#list(stack.at(-1));
        for (const item of items) list.push(item);
        return;
      }
      case 's':
      case 'u': {
        const items = op === 'u' ? this.#toMark() : [this.#pop(), this.#pop()].reverse();
        const map = stack.at(-1);
        if (!(map instanceof Map) || items.length % 2 !== 0)
          this.#fail('pairs for a dictionary', 'something else');
        for (let i = 0; i < items.length; i += 2) map.set(text(items[i]), items[i + 1]!);
        return;
      }
      case 't':
        return void stack.push(this.#toMark());
      case '\x85':
        return void stack.push([this.#pop()]);
      case '\x86':
        return void stack.push([this.#pop(), this.#pop()].reverse());
      case '\x87':
        return void stack.push([this.#pop(), this.#pop(), this.#pop()].reverse());
      case 'q':
        return void this.#memo.set(this.#uint(1), stack.at(-1)!);
      case 'r':
        return void this.#memo.set(this.#uint(4), stack.at(-1)!);
      case '\x94': // MEMOIZE
        return void this.#memo.set(this.#memo.size, stack.at(-1)!);
      case 'h': {
        this.#recall(this.#uint(1));
        return;
      }
      case 'j': {
        this.#recall(this.#uint(4));
        return;
      }
      case 'c': {
        this.#global(this.#line(), this.#line());
        return;
      }
      case '\x93': {
        const name = text(this.#pop());
        this.#global(text(this.#pop()), name);
        return;
      }
      case 'R': {
        const args = this.#list(this.#pop());
        return void stack.push(this.#call(this.#pop(), args));
      }
      case 'b': {
        const state = this.#list(this.#pop());
        this.#build(stack.at(-1), state);
        return;
      }
      default:
        this.#fail('an instruction for plain data', `opcode ${JSON.stringify(op)} at byte ${this.#at - 1}`);
    }
  }

  #global(module: string, name: string): void {
    const path = `${module} ${name}`;
    if (!KNOWN.has(path))
      this.#fail('plain data and numpy arrays', `a reference to ${path.replace(' ', '.')}`);
    this.#stack.push(new Callable(name));
  }

  #call(callable: Item, args: Item[]): Item {
    const name = callable instanceof Callable ? callable.name : '';
    if (name === '_reconstruct') return new PickledArray();
    if (name === 'dtype') return new TypeObject(text(args[0]));
    if (name === 'encode' && typeof args[0] === 'string')
      return Uint8Array.from(Buffer.from(args[0], 'latin1'));
    return this.#fail('a call that builds an array', `a call of ${name || 'something else'}`);
  }

  /** numpy's state: (version, shape, dtype, column-major, bytes). A dtype's own state adds nothing for bytes. */
  #build(target: Item | undefined, state: Item[]): void {
    if (target instanceof TypeObject) return;
    const [, shape, dtype, columnMajor, data] = state;
    const valid = target instanceof PickledArray && Array.isArray(shape) && dtype instanceof TypeObject;
    if (!valid || columnMajor !== false || !(data instanceof Uint8Array)) {
      return this.#fail('the state of a row-major numpy array', 'another');
    }
    target.shape = shape.map((n) => (typeof n === 'number' ? n : -1)); // -1 matches no size
    target.dtype = dtype.code;
    target.data = data;
  }

  #recall(key: number): void {
    const item = this.#memo.get(key);
    if (item === undefined) this.#fail('a remembered value', `none with number ${key}`);
    this.#stack.push(item);
  }

  #list(item: Item | undefined): Item[] {
    return Array.isArray(item) ? item : this.#fail('a list', 'something else');
  }

  #toMark(): Item[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) this.#fail('a mark', 'none');
    const items = this.#stack.splice(mark + 1);
    this.#stack.pop();
    return items;
  }

  #pop(): Item {
    if (this.#stack.length === 0) this.#fail('a value', 'none');
    return this.#stack.pop() as Item;
  }

  #take(length: number): Uint8Array {
    if (length > this.bytes.length - this.#at) {
      this.#fail(`${length} more bytes`, `the end of the file at byte ${this.bytes.length}`);
    }
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  #uint(width: 1 | 2 | 4 | 8): number {
    const at = this.#at;
    this.#take(width);
    if (width === 8) return Number(this.#view.getBigUint64(at, true));
    if (width === 4) return this.#view.getUint32(at, true);
    return width === 2 ? this.#view.getUint16(at, true) : this.#view.getUint8(at);
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#take(length));
  }

  #line(): string {
    const end = this.bytes.indexOf(10, this.#at);
    if (end < 0 || end - this.#at > 200) this.#fail('a name and a line feed', 'none');
    const line = latin1(this.#take(end - this.#at));
    this.#take(1);
    return line;
  }

  #fail(expected: string, received: string): never {
    throw corrupt(this.file, 'not a pickle of plain data', expected, received);
  }
}
