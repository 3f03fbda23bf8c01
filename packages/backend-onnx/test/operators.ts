import { reachable, type Graph, type NamedValue, type Node } from '@anc/compiler';

/** The nodes that outputs need. */
export const nodesOf = (graph: Graph, outputs: readonly NamedValue[]): Node[] =>
  reachable(
    graph,
    outputs.map(({ value }) => value),
  );

/** Operators of these nodes, in order. */
export const operators = (graph: Graph, outputs: readonly NamedValue[]): string[] =>
  nodesOf(graph, outputs).map(({ op }) => op);
