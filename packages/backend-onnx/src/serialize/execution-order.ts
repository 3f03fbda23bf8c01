import type { Node, Value } from '@anc/compiler';

/**
 * Nodes in an order in which ONNX Runtime needs little memory. It executes a graph depth first from the nodes that no other
 * reads, such as the updates of parameters, beginning with the last in the file. Behind all others, these are sorted so that what
 * can be computed soonest is, and what it reads is freed: the gradients of the last layer before those of the first. The others
 * stand in the order in which they can be computed: loading a graph, it keeps a list of nodes that only wait for their turn, and walks
 * along it for each of them.
 */
export function inExecutionOrder(nodes: readonly Node[]): readonly Node[] {
  const read = new Set<Value | null>(nodes.flatMap(({ inputs }) => inputs));
  const depths = new Map<Node, number>();
  for (const node of nodes) {
    const before = node.inputs.map((x) => (x?.source.kind === 'node' ? depths.get(x.source.node)! : 0));
    depths.set(node, 1 + Math.max(0, ...before));
  }
  const isLast = ({ outputs }: Node): boolean => !outputs.some((output) => read.has(output));
  const last = nodes.filter(isLast).sort((a, b) => depths.get(b)! - depths.get(a)!);
  const others = nodes.filter((node) => !isLast(node)).sort((a, b) => depths.get(a)! - depths.get(b)!);
  return [...others, ...last];
}
