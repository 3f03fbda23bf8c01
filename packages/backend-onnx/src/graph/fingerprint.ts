import { reachable, type Graph } from './graph.js';
import type { ElementArray, NamedValue, Value } from './value.js';

const hashes = new WeakMap<ElementArray, string>();

/** 64 bits by which contents differ in all likelihood (not cryptographic); the same in Node and in browsers. */
function digest(bytes: Uint8Array): string {
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x85ebca6b) + (b >>> 13);
  }
  return `${(a >>> 0).toString(16)}${(b >>> 0).toString(16)}`;
}

function contentHash(data: ElementArray): string {
  const known = hashes.get(data);
  if (known !== undefined) return known;
  const hash = digest(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
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
