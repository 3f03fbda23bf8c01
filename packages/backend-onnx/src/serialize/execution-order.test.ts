import { Graph, type Node, reachable, type Value } from '@anc/compiler';
import { expect, it } from 'vitest';
import { inExecutionOrder } from './execution-order.js';

const nodeOf = ({ source }: Value): Node => (source as { node: Node }).node;

it('places what nothing reads last, what can be computed soonest at the end', () => {
  const graph = new Graph();
  const neg = (x: Value): Value => graph.op('Neg', [x], 'float32', [2]);
  const x = graph.input('x', 'float32', [2]);
  const first = neg(x);
  const early = graph.op('Abs', [first], 'float32', [2]);
  const second = graph.op('Exp', [first], 'float32', [2]);
  const late = graph.op('Sqrt', [second], 'float32', [2]);
  const readAndReturned = neg(second);
  const latest = graph.op('Sum', [readAndReturned, late], 'float32', [2]);
  const nodes = reachable(graph, [early, latest, readAndReturned, late]);
  expect(inExecutionOrder(nodes)).toEqual([first, second, late, readAndReturned, latest, early].map(nodeOf));
});

it('keeps nodes behind those that they read', () => {
  const graph = new Graph();
  let value = graph.input('x', 'float32', [2]);
  const results: Value[] = [];
  for (let i = 0; i < 20; i++) {
    value = graph.op('Relu', [graph.op('Mul', [value, graph.scalar(i)], 'float32', [2])], 'float32', [2]);
    results.push(graph.op('Neg', [value], 'float32', [2]));
  }
  const ordered = inExecutionOrder(reachable(graph, results));
  expect(ordered).toHaveLength(60);
  for (const [i, { inputs }] of ordered.entries()) {
    for (const input of inputs) {
      if (input?.source.kind === 'node') expect(ordered.indexOf(input.source.node)).toBeLessThan(i);
    }
  }
  expect(ordered.slice(-20).map(({ outputs }) => results.indexOf(outputs[0]!))).toEqual(
    results.map((_, i) => results.length - 1 - i),
  );
});
