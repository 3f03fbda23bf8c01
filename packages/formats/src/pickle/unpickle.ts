import type { ByteReader } from '../bytes/byte-reader.js';
import type { Damaged } from '../bytes/damaged.js';

/*
 * A strict reader of Python pickles, for files from anywhere. The library pickleparser follows lengths backwards (a
 * negative one loops forever) and assigns state to any object, including an array's `length`, so a file could hang the
 * reader or make it allocate any amount of memory. Here every instruction checks its operands, only the values below
 * are ever built, the work is bounded by the file's length, and the memory by four times that length and 256 MiB.
 */

/** The name of an object in a Python module, e.g. `torch.FloatStorage`. It is never looked up. */
export class Global {
  constructor(readonly name: string) {}
}

/** A value from a pickle: lists and tuples are arrays, dictionaries maps. `T` is what the policy builds. */
export type Pickled<T> =
  null | boolean | number | string | Uint8Array | Global | T | Pickled<T>[] | Map<Pickled<T>, Pickled<T>>;

/** What a pickle may build besides plain data. Every method throws what `damaged` makes for anything else. */
export interface PicklePolicy<T> {
  readonly damaged: Damaged;
  /** The value of a byte string of Python 2, which may be text or binary data. */
  byteString(bytes: Uint8Array): string | Uint8Array;
  /** Checks a global name. Called for each one in the file, whether it is used or not. */
  allow(name: string): void;
  /** The result of `name(...args)`. */
  call(name: string, args: readonly Pickled<T>[]): Pickled<T>;
  /** Applies `target.__setstate__(state)`. */
  setState(target: Pickled<T>, state: Pickled<T>): void;
  /** The object behind a persistent id. */
  persistent(id: Pickled<T>): Pickled<T>;
  /** Gives an object list items, or keys and values in turn; false if it takes none. Default: none does. */
  extend?(target: Pickled<T>, items: readonly Pickled<T>[], paired: boolean): boolean;
}

const MARK = Symbol('mark');
const STOP = 0x2e;

/** Memory that the values of any pickle may take, in bytes, and per byte of the file. */
const SPARE = 2 ** 28;
const PER_BYTE = 4;

/** Roughly the bytes that a value takes, by the instruction that makes it; of texts those beside their characters. */
const [ENTRY, DICTIONARY, LIST, OBJECT, TEXT, SLOT] = [96, 224, 64, 160, 48, 16];
const COSTS: Readonly<Record<number, number>> = {
  ...Object.fromEntries([0x71, 0x72, 0x94].map((code) => [code, ENTRY])),
  ...Object.fromEntries([0x29, 0x85, 0x86, 0x87, 0x74, 0x5d, 0x6c, 0x8f, 0x91].map((code) => [code, LIST])),
  ...Object.fromEntries([0x63, 0x93, 0x51, 0x52, 0x81, 0x92].map((code) => [code, OBJECT])),
  ...Object.fromEntries([0x58, 0x8c, 0x8d, 0x54, 0x55].map((code) => [code, TEXT])),
  ...Object.fromEntries([0x42, 0x43, 0x8e, 0x96].map((code) => [code, OBJECT])),
  0x7d: DICTIONARY,
};

/**
 * Reads one pickle of protocol 2 to 5 and leaves the reader behind it. Binary data are views of what the reader holds.
 * @throws what the policy's `damaged` makes, for anything that is cut short, malformed or not allowed
 */
export function unpickle<T extends object>(reader: ByteReader, policy: PicklePolicy<T>): Pickled<T> {
  type Value = Pickled<T>;
  const { damaged } = policy;
  const stack: (Value | typeof MARK)[] = [];
  const memo = new Map<number, Value>();

  const top = (): Value => {
    const value = stack.at(-1);
    if (value === undefined || value === MARK) throw damaged('its stack is empty');
    return value;
  };
  const pop = (): Value => {
    const value = top();
    stack.pop();
    return value;
  };
  const popToMark = (): Value[] => {
    const start = stack.lastIndexOf(MARK);
    if (start === -1) throw damaged('a mark is missing');
    return stack.splice(start).slice(1) as Value[];
  };
  const append = (items: readonly Value[]): void => {
    const list = top();
    if (policy.extend?.(list, items, false) === true) return;
    if (!Array.isArray(list)) throw damaged('it appends to a value that is not a list');
    for (const item of items) list.push(item);
  };
  const setItems = (pairs: readonly Value[]): void => {
    const dictionary = top();
    if (policy.extend?.(dictionary, pairs, true) === true) return;
    if (!(dictionary instanceof Map)) throw damaged('it sets an item of a value that is not a dictionary');
    if (pairs.length % 2 !== 0) throw damaged('a key has no value');
    for (let i = 0; i < pairs.length; i += 2) dictionary.set(pairs[i]!, pairs[i + 1]!);
  };
  const recall = (index: number): Value => {
    const value = memo.get(index);
    if (value === undefined) throw damaged(`it refers to memo entry ${index}, which does not exist`);
    return value;
  };
  const global = (module: string, name: string): Global => {
    policy.allow(`${module}.${name}`);
    return new Global(`${module}.${name}`);
  };
  const stackGlobal = (): Global => {
    const [name, module] = [pop(), pop()];
    if (typeof name !== 'string' || typeof module !== 'string') throw damaged('a global has no name');
    return global(module, name);
  };
  const reduce = (): Value => {
    const [args, callee] = [pop(), pop()];
    if (!(callee instanceof Global) || !Array.isArray(args))
      throw damaged('it calls a value that cannot be called');
    return policy.call(callee.name, args);
  };
  /** `cls.__new__(cls, *args)`, which is a call of the class here; keyword arguments are of no interest. */
  const newObject = (keywords: boolean): Value => {
    if (keywords) pop();
    return reduce();
  };
  const tuple = (length: number): Value[] => {
    const items: Value[] = [];
    for (let i = 0; i < length; i++) items.unshift(pop());
    return items;
  };

  const actions: Readonly<Record<number, () => void>> = {
    0x80: () => {
      const protocol = reader.byte();
      if (protocol < 2 || protocol > 5) throw damaged(`pickle protocol ${protocol} is not supported`);
    },
    0x95: () => reader.skip(8), // FRAME: a length that nothing depends on
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
    0x54: () => stack.push(policy.byteString(reader.bytes(reader.int32()))),
    0x55: () => stack.push(policy.byteString(reader.bytes(reader.byte()))),
    0x42: () => stack.push(reader.bytes(reader.uint32())),
    0x43: () => stack.push(reader.bytes(reader.byte())),
    0x8e: () => stack.push(reader.bytes(reader.uint64())),
    0x29: () => stack.push([]),
    0x85: () => stack.push(tuple(1)),
    0x86: () => stack.push(tuple(2)),
    0x87: () => stack.push(tuple(3)),
    0x74: () => stack.push(popToMark()),
    0x5d: () => stack.push([]),
    0x6c: () => stack.push(popToMark()),
    0x61: () => append([pop()]),
    0x65: () => append(popToMark()),
    0x7d: () => stack.push(new Map()),
    0x73: () => setItems([pop(), pop()].reverse()),
    0x75: () => setItems(popToMark()),
    0x63: () => stack.push(global(reader.line(), reader.line())),
    0x93: () => stack.push(stackGlobal()),
    0x51: () => stack.push(policy.persistent(pop())),
    0x52: () => stack.push(reduce()),
    0x81: () => stack.push(newObject(false)),
    0x92: () => stack.push(newObject(true)),
    0x32: () => stack.push(top()),
    0x8b: () => stack.push(reader.long(reader.uint32())),
    0x96: () => stack.push(reader.bytes(reader.uint64())),
    0x8f: () => stack.push([]), // a set, as a list
    0x90: () => append(popToMark()),
    0x91: () => stack.push(popToMark()),
    0x62: () => {
      const state = pop();
      policy.setState(top(), state);
    },
  };

  let left = SPARE + PER_BYTE * reader.length;
  for (;;) {
    const opcode = reader.byte();
    if (opcode === STOP) return pop();
    left -= COSTS[opcode] ?? SLOT;
    if (left < 0) throw damaged('its values are far larger than the file');
    const action = actions[opcode];
    if (action === undefined) throw damaged(`pickle instruction 0x${opcode.toString(16)} is not supported`);
    action();
  }
}
