/*
 * Protocol buffers take a hundred times as much memory decoded as in the file: a node is two bytes there. So what a file
 * holds is counted before it is decoded. Only the messages that can be large or nested are entered.
 */

/** Fields of all messages of a model. Large networks have a few hundred thousand. */
const MOST_FIELDS = 3_000_000;
/** Integers of 64 bits in lists, each of which becomes an object. Weights are stored as bytes. */
const MOST_LONGS = 8_000_000;
/** Integers of 32 bits in lists. */
const MOST_INTEGERS = 64_000_000;
/** Messages inside of messages: ONNX Runtime's own limit. */
const MOST_LEVELS = 100;

type Kind =
  | 'model'
  | 'graph'
  | 'node'
  | 'attribute'
  | 'tensor'
  | 'sparse'
  | 'value'
  | 'type'
  | 'element'
  | 'function'
  | 'training';

/** Fields that are messages, by the numbers of onnx.proto. */
const INSIDE: Readonly<Record<Kind, Readonly<Record<number, Kind>>>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 11: 'value', 12: 'value', 13: 'value', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: {
    5: 'tensor',
    6: 'graph',
    10: 'tensor',
    11: 'graph',
    14: 'type',
    15: 'type',
    22: 'sparse',
    23: 'sparse',
  },
  tensor: {},
  sparse: { 1: 'tensor', 2: 'tensor' },
  value: { 2: 'type' },
  type: { 4: 'element', 5: 'element', 9: 'element' },
  element: { 1: 'type', 2: 'type' },
  function: { 7: 'node', 11: 'attribute', 12: 'value' },
  training: { 1: 'graph', 2: 'graph' },
};
/** Fields that are lists of integers. */
const LONGS: Readonly<Partial<Record<Kind, readonly number[]>>> = {
  attribute: [8],
  tensor: [1, 7, 11],
  sparse: [3],
};
const INTEGERS: Readonly<Partial<Record<Kind, readonly number[]>>> = { tensor: [5] };

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** What makes a model too large to be decoded, as the end of a sentence; null if nothing does, or if it is no model. */
export function excessOf(bytes: Uint8Array): string | null {
  const open: { kind: Kind; end: number }[] = [{ kind: 'model', end: bytes.length }];
  const counts = { fields: 0, longs: 0, integers: 0 };
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return Infinity;
  };
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (at >= top.end) {
      open.pop();
      continue;
    }
    const { kind } = top;
    const tag = varint();
    const [field, wire] = [Math.floor(tag / 8), tag % 8];
    if (++counts.fields > MOST_FIELDS) return `has more than ${MOST_FIELDS} fields`;
    if (wire === VARINT) varint();
    else if (wire === FIXED_64) at += 8;
    else if (wire === FIXED_32) at += 4;
    else if (wire === BYTES) {
      const length = varint();
      if (!(at + length <= top.end)) return null;
      const inside = INSIDE[kind][field];
      if (inside !== undefined) {
        open.push({ kind: inside, end: at + length });
        if (open.length > MOST_LEVELS) return `nests its graphs more than ${MOST_LEVELS} levels deep`;
        continue;
      }
      if (LONGS[kind]?.includes(field)) counts.longs += integersIn(bytes, at, at + length);
      if (INTEGERS[kind]?.includes(field)) counts.integers += integersIn(bytes, at, at + length);
      if (counts.longs > MOST_LONGS || counts.integers > MOST_INTEGERS)
        return 'holds too many integers outside of raw data';
      at += length;
    } else return null; // groups, which ONNX has none of: decoding fails
  }
  return null;
}

/** Integers in a packed list: each ends with a byte below 128. */
function integersIn(bytes: Uint8Array, begin: number, end: number): number {
  let count = 0;
  for (let at = begin; at < end; at++) if (bytes[at]! < 128) count++;
  return count;
}
