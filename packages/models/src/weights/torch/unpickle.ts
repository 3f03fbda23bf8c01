import { type ByteReader, damagedCheckpoint } from './pickle-reader.js';

/*
 * A strict unpickler. The library pickleparser follows lengths backwards (a negative one loops forever) and
 * assigns state to any object, an array's `length` included; a file could hang the reader or make it ask for
 * any amount of memory. Here every instruction checks what it is applied to, nothing but the values below is
 * ever built, and the work is bounded by the file's length.
 */

/** The name of something in a Python module. It is never looked up. */
export class Global {
  constructor(readonly name: string) {}
}

/** Lists and tuples are arrays, dictionaries maps; `T` is what the resolver makes. */
export type Pickled<T> =
  null | boolean | number | string | Global | T | Pickled<T>[] | Map<Pickled<T>, Pickled<T>>;

/** Decides what a pickle may make beside containers. Both throw on what they do not know. */
export interface Resolver<T> {
  /** Called at once for every global name in the file, used or not. */
  allow(name: string): void;
  /** `name(...args)`. */
  call(name: string, args: readonly Pickled<T>[]): Pickled<T>;
  /** The object behind a persistent id. */
  persistent(id: Pickled<T>): Pickled<T>;
}

const MARK = Symbol('mark');

/** Reads one pickle (protocols 2 to 5) and leaves the reader behind it. Throws `ANC_CHECKPOINT`. */
export function unpickle<T extends object>(reader: ByteReader, resolver: Resolver<T>): Pickled<T> {
  type Value = Pickled<T>;
  const stack: (Value | typeof MARK)[] = [];
  const memo = new Map<number, Value>();

  const pop = (): Value => {
    const value = stack.pop();
    if (value === undefined || value === MARK) throw damagedCheckpoint('its stack is empty');
    return value;
  };
  const top = (): Value => {
    const value = stack.at(-1);
    if (value === undefined || value === MARK) throw damagedCheckpoint('its stack is empty');
    return value;
  };
  const popToMark = (): Value[] => {
    const start = stack.lastIndexOf(MARK);
    if (start === -1) throw damagedCheckpoint('a mark is missing');
    return stack.splice(start).slice(1) as Value[];
  };
  const list = (): Value[] => {
    const value = top();
    if (!Array.isArray(value)) throw damagedCheckpoint('it appends to what is not a list');
    return value;
  };
  const store = (pairs: readonly Value[]): void => {
    const dictionary = top();
    if (!(dictionary instanceof Map)) throw damagedCheckpoint('it sets an item of what is not a dictionary');
    if (pairs.length % 2 !== 0) throw damagedCheckpoint('a key has no value');
    for (let i = 0; i < pairs.length; i += 2) dictionary.set(pairs[i]!, pairs[i + 1]!);
  };
  const recall = (index: number): Value => {
    const value = memo.get(index);
    if (value === undefined) throw damagedCheckpoint(`it recalls entry ${index}, which it never kept`);
    return value;
  };
  const global = (module: string, name: string): Global => {
    resolver.allow(`${module}.${name}`);
    return new Global(`${module}.${name}`);
  };
  const stackGlobal = (): Global => {
    const [name, module] = [pop(), pop()];
    if (typeof name !== 'string' || typeof module !== 'string')
      throw damagedCheckpoint('a global has no name');
    return global(module, name);
  };
  const reduce = (): Value => {
    const [args, callee] = [pop(), pop()];
    if (!(callee instanceof Global) || !Array.isArray(args))
      throw damagedCheckpoint('it calls what cannot be called');
    return resolver.call(callee.name, args);
  };
  const build = (): void => {
    pop(); // a state dict's `_metadata`: versions of modules, of no use here
    if (!(top() instanceof Map)) throw damagedCheckpoint('it sets the state of what is not a dictionary');
  };
  const tuple = (length: number): Value[] => Array.from({ length }, pop).reverse();

  const actions: Readonly<Record<number, () => void>> = {
    0x80: () => {
      const protocol = reader.byte();
      if (protocol < 2 || protocol > 5)
        throw damagedCheckpoint(`pickle protocol ${protocol} is not read here`);
    },
    0x95: () => void reader.uint64(), // FRAME: a length that nothing depends on
    0x28: () => stack.push(MARK),
    0x30: () => void pop(),
    0x31: () => void popToMark(),
    0x71: () => memo.set(reader.byte(), top()),
    0x72: () => memo.set(reader.uint32(), top()),
    0x94: () => memo.set(memo.size, top()),
    0x68: () => stack.push(recall(reader.byte())),
    0x6a: () => stack.push(recall(reader.uint32())),
    0x4e: () => stack.push(null),
    0x88: () => stack.push(true),
    0x89: () => stack.push(false),
    0x4a: () => stack.push(reader.int32()),
    0x4b: () => stack.push(reader.byte()),
    0x4d: () => stack.push(reader.uint16()),
    0x8a: () => stack.push(reader.long(reader.byte())),
    0x47: () => stack.push(reader.float64()),
    0x58: () => stack.push(reader.text(reader.uint32())),
    0x8c: () => stack.push(reader.text(reader.byte())),
    0x8d: () => stack.push(reader.text(reader.uint64())),
    0x54: () => stack.push(reader.text(reader.int32())),
    0x55: () => stack.push(reader.text(reader.byte())),
    0x29: () => stack.push([]),
    0x85: () => stack.push(tuple(1)),
    0x86: () => stack.push(tuple(2)),
    0x87: () => stack.push(tuple(3)),
    0x74: () => stack.push(popToMark()),
    0x5d: () => stack.push([]),
    0x6c: () => stack.push(popToMark()),
    0x61: () => {
      const item = pop();
      list().push(item);
    },
    0x65: () => {
      const items = popToMark();
      const target = list();
      for (const item of items) target.push(item);
    },
    0x7d: () => stack.push(new Map()),
    0x73: () => {
      const [value, key] = [pop(), pop()];
      store([key, value]);
    },
    0x75: () => {
      store(popToMark());
    },
    0x63: () => stack.push(global(reader.line(), reader.line())),
    0x93: () => stack.push(stackGlobal()),
    0x51: () => stack.push(resolver.persistent(pop())),
    0x52: () => stack.push(reduce()),
    0x62: build,
  };
  const STOP = 0x2e;

  for (;;) {
    const opcode = reader.byte();
    if (opcode === STOP) return pop();
    const action = actions[opcode];
    if (action === undefined) {
      throw damagedCheckpoint(`pickle instruction 0x${opcode.toString(16)} is not one that tensors need`);
    }
    action();
  }
}
