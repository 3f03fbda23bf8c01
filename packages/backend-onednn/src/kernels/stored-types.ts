import { asm, type Code } from './assembler.js';

/** What elements are stored as; kernels compute with float32. */
export type StoredType = 'float32' | 'bfloat16';

export const STORED_BYTES: Readonly<Record<StoredType, number>> = { float32: 4, bfloat16: 2 };

/** What the code of a kernel keeps in locals. */
export interface Scratch {
  /** Puts a vector on the stack that is always the same, given what makes it. */
  readonly constant: (code: Code) => Code;
  /** A local for a vector that is used at once. */
  readonly local: () => number;
}

/** Code that loads and stores elements of a type. Loads and stores take an address from the stack. */
interface Stored {
  /** Four elements that follow each other: those of vector `u` after the address. */
  readonly load: (u: number) => Code;
  /** One element, four times; `at`: elements after the address. */
  readonly loadSplat: (at: number) => Code;
  /** One element into a lane of the vector on the stack, which was zero. */
  readonly loadLane: (at: number, lane: number) => Code;
  /** What `value` puts on the stack, in the form that the stores take. */
  readonly rounded: (value: Code, scratch: Scratch) => Code;
  readonly store: (u: number, scratch: Scratch) => Code;
  readonly storeLane: (at: number, lane: number) => Code;
  /** Stores two rounded vectors, the first of them vector `u`; null where that takes as much work as one by one. */
  readonly storePair: ((u: number) => Code) | null;
}

const float32: Stored = {
  load: (u) => asm.load(u * 16),
  loadSplat: (at) => asm.loadSplat(at * 4),
  loadLane: (at, lane) => asm.loadLane(at * 4, lane),
  rounded: (value) => value,
  store: (u) => asm.store(u * 16),
  storeLane: (at, lane) => asm.storeLane(at * 4, lane),
  storePair: null,
};

/** x · (2¹⁶ + 1) minus (that minus x) is x rounded to 8 significant bits. */
const SPLIT = 2 ** 16 + 1;

/** The upper halves of float32. */
const bfloat16: Stored = {
  load: (u) => [...asm.load16x4(u * 8), ...asm.i32(16), ...asm.shiftLeft],
  loadSplat: (at) => [...asm.loadSplat16(at * 2), ...asm.i32(16), ...asm.shiftLeft],
  loadLane: (at, lane) => asm.loadLane16(at * 2, 2 * lane + 1),
  // Veltkamp's splitting, in fewer instructions than with integers. To the nearest, either one halfway, and below the normal numbers towards
  // 0; NaN stays, and what is infinite or from about 2^112 on becomes NaN.
  rounded: (value, { constant, local }) => {
    const product = asm.get(local());
    return [
      ...[...value, ...constant(asm.constant(SPLIT)), ...asm.mul, ...asm.set(local())],
      ...[...product, ...product, ...value, ...asm.sub, ...asm.sub, ...asm.i32(16), ...asm.shiftRight],
    ];
  },
  store: (u, { constant }) => [...constant(asm.constant(0)), ...asm.narrow, ...asm.storeLane64(u * 8, 0)],
  storeLane: (at, lane) => asm.storeLane16(at * 2, 2 * lane),
  storePair: (u) => [...asm.narrow, ...asm.store(u * 8)],
};

export const STORED: Readonly<Record<StoredType, Stored>> = { float32, bfloat16 };
