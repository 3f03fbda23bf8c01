import { GraphValues, inputsOf } from './graph-values.js';
import { graphOf, type ModelProto } from './proto.js';

/** Removes the nodes that no output of the graph needs, and the constants that only those read. */
export function prune(model: ModelProto): void {
  const graph = graphOf(model);
  const values = new GraphValues(model);
  const needed = values.nodesBehind(graph.output.map(({ name }) => name ?? ''));
  if (needed.size === graph.node.length) return;
  graph.node = graph.node.filter((node) => needed.has(node));
  const read = new Set([...graph.node.flatMap(inputsOf), ...graph.output.map(({ name }) => name ?? '')]);
  const dropped = new Set(graph.initializer.map(({ name }) => name ?? '').filter((name) => !read.has(name)));
  graph.initializer = graph.initializer.filter(({ name }) => !dropped.has(name ?? ''));
  graph.input = graph.input.filter(({ name }) => !dropped.has(name ?? '')); // old files list their weights as well
}
