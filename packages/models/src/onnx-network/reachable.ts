import type { OnnxGraph, OnnxNode } from '@anc/formats';

/** The part of a graph that some values are computed by, with constants that it reads. */
export function reachable(graph: OnnxGraph, wanted: readonly string[]): OnnxGraph {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const used = new Set<OnnxNode>();
  const names = new Set<string>();
  const waiting = [...wanted];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (names.has(name)) continue;
    names.add(name);
    const node = makers.get(name);
    if (node === undefined || used.has(node)) continue;
    used.add(node);
    waiting.push(...node.inputs);
  }
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => used.has(node)),
    constants: new Map([...graph.constants].filter(([name]) => names.has(name))),
  };
}
