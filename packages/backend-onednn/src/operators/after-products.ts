import type { FlatGraph, FlatNode } from '../graph/flat-graph.js';

const PRODUCTS = new Set(['Conv', 'MatMul', 'Gemm', 'FusedMatMul']);

/**
 * Elementwise operations that a product computes as it stores its result: a sum with what is there before it (a bias) and a
 * ReLU, where nothing else reads what is between them. Kernels leave them to it.
 */
export function partsOfProducts(graph: FlatGraph): ReadonlySet<FlatNode> {
  const readers = new Map<number, FlatNode[]>();
  const outputs = new Set(graph.outputs.map(({ value }) => value));
  const computed = new Set<number>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      if (input !== null) readers.set(input, [...(readers.get(input) ?? []), node]);
    }
    for (const output of node.outputs) computed.add(output);
  }
  const found = new Set<FlatNode>();
  for (const product of graph.nodes) {
    if (!PRODUCTS.has(product.op)) continue;
    let value = product.outputs[0]!;
    for (;;) {
      const [next, ...others] = readers.get(value) ?? [];
      if (next === undefined || others.length > 0 || outputs.has(value)) break;
      const isSame = graph.values[next.outputs[0]!]!.shape.join() === graph.values[value]!.shape.join();
      const other = next.inputs.find((input) => input !== value);
      const isBias = next.op === 'Add' && typeof other === 'number' && !computed.has(other);
      if (!isSame || !(isBias || next.op === 'Relu')) break;
      found.add(next);
      value = next.outputs[0]!;
    }
  }
  return found;
}
