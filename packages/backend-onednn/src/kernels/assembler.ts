import { webAssembly, type WebMemory } from '../memory/web-assembly.js';

/** Bytes of WebAssembly's binary format (https://webassembly.github.io/spec/core/binary). */

export type Code = readonly number[];

/** An unsigned number in LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** A signed number of 32 bits in LEB128. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

const TYPE = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;
export type LocalType = keyof typeof TYPE;

const float = (value: number): number[] => [...new Uint8Array(Float32Array.of(value).buffer)];
/** Alignment (as a power of two) and offset of an access. */
const at = (offset: number): number[] => [2, ...unsigned(offset)];
const at16 = (offset: number): number[] => [1, ...unsigned(offset)];
const vector = (code: number, ...rest: number[]): number[] => [0xfd, ...unsigned(code), ...rest];

/** Instructions. Those with an offset take an address from the stack. */
export const asm = {
  get: (local: number) => [0x20, ...unsigned(local)],
  set: (local: number) => [0x21, ...unsigned(local)],
  i32: (value: number) => [0x41, ...signed(value)],
  addI32: [0x6a],
  subI32: [0x6b],
  loadF32: (offset: number) => [0x2a, ...at(offset)],
  storeF32: (offset: number) => [0x38, ...at(offset)],
  f32: (value: number) => [0x43, ...float(value)],
  addF32: [0x92],
  mulF32: [0x94],
  /** Fills memory: place, byte and length are on the stack. */
  fill: [0xfc, 11, 0],
  load: (offset: number) => vector(0x00, ...at(offset)),
  loadSplat: (offset: number) => vector(0x09, ...at(offset)),
  store: (offset: number) => vector(0x0b, ...at(offset)),
  constant: (value: number) =>
    vector(0x0c, ...float(value), ...float(value), ...float(value), ...float(value)),
  /** Four numbers of 16 bits, as 32-bit ones without sign. */
  load16x4: (offset: number) => vector(0x04, ...at16(offset)),
  /** One number of 16 bits, eight times. */
  loadSplat16: (offset: number) => vector(0x08, ...at16(offset)),
  loadLane16: (offset: number, lane: number) => vector(0x55, ...at16(offset), lane),
  storeLane16: (offset: number, lane: number) => vector(0x59, ...at16(offset), lane),
  storeLane64: (offset: number, lane: number) => vector(0x5b, ...at16(offset), lane),
  /** Two vectors of four numbers below 2^16 as eight of 16 bits. */
  narrow: vector(0x86),
  shiftLeft: vector(0xab),
  shiftRight: vector(0xad),
  /** All bits of the first element, none of the others. */
  firstLane: vector(0x0c, 255, 255, 255, 255, ...new Array<number>(12).fill(0)),
  extract: (lane: number) => vector(0x1f, lane),
  loadLane: (offset: number, lane: number) => vector(0x56, ...at(offset), lane),
  storeLane: (offset: number, lane: number) => vector(0x5a, ...at(offset), lane),
  eq: vector(0x41),
  ne: vector(0x42),
  lt: vector(0x43),
  gt: vector(0x44),
  le: vector(0x45),
  ge: vector(0x46),
  not: vector(0x4d),
  and: vector(0x4e),
  or: vector(0x50),
  xor: vector(0x51),
  select: vector(0x52),
  floor: vector(0x68),
  ceil: vector(0x67),
  nearest: vector(0x6a),
  abs: vector(0xe0),
  neg: vector(0xe1),
  sqrt: vector(0xe3),
  add: vector(0xe4),
  sub: vector(0xe5),
  mul: vector(0xe6),
  div: vector(0xe7),
  min: vector(0xe8),
  max: vector(0xe9),
  /** b < a ? b : a, for a below b on the stack: a NaN in a stays. */
  lesser: vector(0xea),
  /** a < b ? b : a: a NaN in a stays. */
  greater: vector(0xeb),
} as const;

/** Runs code `count` times, counted down in a local. */
export function repeat(count: number, counter: number, body: Code): number[] {
  if (count === 0) return [];
  if (count === 1) return [...body];
  return [
    ...asm.i32(count),
    ...asm.set(counter),
    ...[0x03, 0x40], // loop
    ...body,
    ...asm.get(counter),
    ...asm.i32(1),
    ...asm.subI32,
    ...[0x22, ...unsigned(counter)], // tee
    ...[0x0d, 0], // branch to the loop unless it is 0
    0x0b,
  ];
}

/** A function without results, whose arguments are addresses. */
export interface Func {
  readonly params: number;
  /** Types of the locals after the parameters. */
  readonly locals: readonly LocalType[];
  readonly body: Code;
}

const list = (items: readonly (readonly number[])[]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
];
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...unsigned(content.length),
  ...content,
];
const text = (name: string): number[] => [...unsigned(name.length), ...Buffer.from(name, 'latin1')];

/** A module that imports `memory.heap` and exports its functions under their numbers. */
export function moduleOf(functions: readonly Func[], mostPages: number): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ params }) => [0x60, ...list(new Array(params).fill([TYPE.i32])), 0]);
  const shared = [...text('memory'), ...text('heap'), 0x02, 0x03, 1, ...unsigned(mostPages)];
  const bodies = functions.map(({ locals, body }) => {
    const code = [...list(locals.map((type) => [1, TYPE[type]])), ...body, 0x0b];
    return [...unsigned(code.length), ...code];
  });
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list(types)),
    ...section(2, list([shared])),
    ...section(3, list(functions.map((_, i) => unsigned(i)))),
    ...section(7, list(functions.map((_, i) => [...text(`${i}`), 0, ...unsigned(i)]))),
    ...section(10, list(bodies)),
  ];
  return Uint8Array.from(bytes);
}

/** The functions of a compiled module, by their numbers, on the memory that it imports. */
export function functionsOf(
  module: object,
  heap: WebMemory,
): (number: number) => (...addresses: number[]) => void {
  const { exports } = new webAssembly.Instance(module, { memory: { heap } });
  return (number) => exports[`${number}`] as (...addresses: number[]) => void;
}
