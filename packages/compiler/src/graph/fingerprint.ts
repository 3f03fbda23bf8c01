import { reachable, type Graph } from './graph.js';
import type { ElementArray, NamedValue, Value } from './value.js';

const hashes = new WeakMap<ElementArray, string>();

/** 64 bits by which contents differ in all likelihood (not cryptographic); the same in Node and in browsers. */
function digest(words: Uint8Array | Uint32Array): string {
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  for (const word of words) {
    a = Math.imul(a ^ word, 0x01000193);
    a ^= a >>> 15; // else the upper bits of words never reach the lower bits of the result
    b = Math.imul(b ^ word, 0x85ebca6b) + (b >>> 13);
  }
  return `${(a >>> 0).toString(16)}${(b >>> 0).toString(16)}`;
}

/** The same memory in elements of 32 bits where it is made of such. */
const wordsOf = ({ buffer, byteOffset, byteLength }: ElementArray): Uint8Array | Uint32Array =>
  byteOffset % 4 === 0 && byteLength % 4 === 0
    ? new Uint32Array(buffer, byteOffset, byteLength / 4)
    : new Uint8Array(buffer, byteOffset, byteLength);

function contentHash(data: ElementArray): string {
  const known = hashes.get(data);
  if (known !== undefined) return known;
  const hash = digest(wordsOf(data));
  hashes.set(data, hash);
  return hash;
}

/** One line per node that the outputs need: two traces of a pure function give equal lines. */
export function fingerprint(graph: Graph, outputs: readonly NamedValue[]): string[] {
  const numbers = new Map<Value, number>();
  const nameOf = (value: Value | null): string => {
    if (value === null) return '-';
    const { source } = value;
    if (source.kind === 'input') return source.name;
    if (source.kind === 'constant') return `constant(${value.shape.join('×')} ${contentHash(source.data)})`;
    return `#${numbers.get(value)}`;
  };
  const lines = reachable(
    graph,
    outputs.map(({ value }) => value),
  ).map((node) => {
    const line = `${node.op}(${node.inputs.map(nameOf).join(', ')}) ${JSON.stringify(node.attributes)} -> ${node.outputs.map(({ shape }) => shape.join('×')).join(', ')}`;
    for (const output of node.outputs) numbers.set(output, numbers.size);
    return line;
  });
  return [...lines, ...outputs.map(({ name, value }) => `${name} = ${nameOf(value)}`)];
}
