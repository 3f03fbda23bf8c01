import { dimsOf, graphOf, onnxError, type ModelProto, type NodeProto } from './proto.js';

/** Numbers of one input: 1,000 images of 300×300. */
const MOST_NUMBERS = 2 ** 28;

/**
 * Checks what everything that walks through a graph relies on: every node has an output, no value is computed twice or
 * from itself, and no size is negative or beyond measure.
 *
 * @throws `ANC_ONNX`
 */
export function checkStructure(model: ModelProto, shown: string): void {
  const graph = graphOf(model);
  const damaged = (received: string): Error =>
    onnxError(`${shown}: not a valid ONNX model.`, {
      expected: 'a graph without cycles, in which every value is computed once',
      received,
      hint: 'check the file with onnx.checker, or export it again.',
    });
  const makers = new Map<string, NodeProto>();
  for (const node of graph.node) {
    const outputs = (node.output ?? []).filter((name) => name !== '');
    if (outputs.length === 0) throw damaged(`a node ${brief(node.opType)} without outputs`);
    for (const name of outputs) {
      if (makers.has(name)) throw damaged(`two nodes that compute ${brief(name)}`);
      makers.set(name, node);
    }
  }
  const cyclic = valueInCycle(graph.node, makers);
  if (cyclic !== null) throw damaged(`a cycle through ${brief(cyclic)}`);
  const weights = new Set<string>();
  for (const { name, dims } of graph.initializer) {
    weights.add(name ?? '');
    const sizes = (dims ?? []).map(Number);
    if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0))
      throw damaged(`sizes [${sizes.slice(0, 8).join(', ')}] of ${brief(name)}`);
  }
  for (const input of graph.input) {
    const sizes = (weights.has(input.name ?? '') ? null : dimsOf(input)) ?? [];
    if (sizes.reduce<number>((product, size) => product * (size ?? 1), 1) > MOST_NUMBERS) {
      throw onnxError(`${shown}: input ${brief(input.name)} is too large.`, {
        expected: `at most ${MOST_NUMBERS} numbers`,
        received: `[${sizes
          .slice(0, 8)
          .map((size) => size ?? '?')
          .join(', ')}]`,
        hint: 'export the model with the size of its images and an open batch.',
      });
    }
  }
}

/** A value that is computed from itself, or null. Nodes whose inputs are known are removed until none is left. */
function valueInCycle(nodes: readonly NodeProto[], makers: ReadonlyMap<string, NodeProto>): string | null {
  const missing = new Map<NodeProto, number>();
  const readers = new Map<NodeProto, NodeProto[]>();
  for (const node of nodes) {
    const before = new Set<NodeProto>();
    for (const name of node.input ?? []) {
      const maker = makers.get(name);
      if (maker !== undefined) before.add(maker);
    }
    missing.set(node, before.size);
    for (const maker of before) {
      const those = readers.get(maker);
      if (those === undefined) readers.set(maker, [node]);
      else those.push(node);
    }
  }
  const ready = nodes.filter((node) => missing.get(node) === 0);
  let done = 0;
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    done++;
    for (const reader of readers.get(node) ?? []) {
      const left = missing.get(reader)! - 1;
      missing.set(reader, left);
      if (left === 0) ready.push(reader);
    }
  }
  if (done === nodes.length) return null;
  return nodes.find((node) => missing.get(node)! > 0)!.output!.find((name) => name !== '')!;
}

/** The beginning of a name, in quotes. */
const brief = (name: string | null | undefined): string => JSON.stringify((name ?? '').slice(0, 80));
