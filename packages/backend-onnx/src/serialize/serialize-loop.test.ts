import { Graph, type NamedValue, type Value } from '@anc/compiler';
import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { serializeLoop, STEPS } from './serialize-loop.js';

const { onnx } = onnxProto;

const CARRIED = new Map([
  ['state/a', 'next/a'],
  ['state/b', 'next/b'],
]);

/** The sum of two tensors, and both of them doubled together. */
function doubled(
  shapes: readonly [number[], number[]],
  axis: number,
): { graph: Graph; outputs: NamedValue[] } {
  const graph = new Graph();
  const [a, b] = shapes.map((shape, i) => graph.input('state/' + 'ab'[i]!, 'float32', shape)) as [
    Value,
    Value,
  ];
  const whole = [...a.shape];
  whole[axis] = a.shape[axis]! + b.shape[axis]!;
  const joined = graph.op('Concat', [a, b], 'float32', whole, { axis });
  const twice = graph.op('Mul', [joined, graph.scalar(2)], 'float32', whole);
  const sizes = graph.integers([a.shape[axis]!, b.shape[axis]!]);
  const specs = shapes.map((shape) => ({ type: 'float32', shape }) as const);
  const parts = graph.node('Split', [twice, sizes], specs, { axis });
  const sum = graph.op('Add', [a, graph.scalar(1)], 'float32', a.shape);
  const outputs = [
    { name: 'next/a', value: parts[0]! },
    { name: 'next/b', value: parts[1]! },
    { name: 'metrics', value: sum },
  ];
  return { graph, outputs };
}

/** The operators around the loop, and its inputs behind number of steps and condition. */
function around(bytes: Uint8Array): { operators: string[]; carried: string[]; inner: string[] } {
  const { node } = onnx.ModelProto.decode(bytes).graph!;
  const loop = node!.find(({ opType }) => opType === 'Loop')!;
  const { g } = loop.attribute![0]!;
  return {
    operators: node!.map(({ opType }) => opType!),
    carried: loop.input!.slice(2),
    inner: g!.node!.map(({ opType }) => opType!),
  };
}

describe('a loop over a step', () => {
  it('carries values as one that the step joins along their first axis', () => {
    const { graph, outputs } = doubled([[2], [3]], 0);
    const { operators, carried, inner } = around(
      serializeLoop(graph, outputs, { carried: CARRIED, constant: new Set() }),
    );
    expect(operators).toEqual(['Concat', 'Loop', 'Split']);
    expect(carried).toEqual(['joined/0']);
    expect(inner).toEqual(['Split', 'Mul', 'Add', 'Identity']); // state/a is read apart too
  });

  it('carries values apart that are joined along another axis', () => {
    const { graph, outputs } = doubled(
      [
        [1, 2],
        [1, 3],
      ],
      1,
    );
    const { operators, carried, inner } = around(
      serializeLoop(graph, outputs, { carried: CARRIED, constant: new Set() }),
    );
    expect(operators).toEqual(['Loop']);
    expect(carried).toEqual(['state/a', 'state/b']);
    expect(inner).toEqual(['Concat', 'Mul', 'Split', 'Add', 'Identity']);
  });

  it('carries values apart of which an output needs one too', () => {
    const { graph, outputs } = doubled([[2], [3]], 0);
    const copied = [...outputs, { name: 'copy', value: outputs[0]!.value }];
    const { operators, carried } = around(
      serializeLoop(graph, copied, { carried: CARRIED, constant: new Set() }),
    );
    expect(operators).toEqual(['Loop']);
    expect(carried).toEqual(['state/a', 'state/b']);
  });

  it('has the number of steps as its first input', () => {
    const { graph, outputs } = doubled([[2], [3]], 0);
    const bytes = serializeLoop(graph, outputs, { carried: CARRIED, constant: new Set() });
    expect(onnx.ModelProto.decode(bytes).graph!.input!.map(({ name }) => name)).toEqual([
      STEPS,
      'state/a',
      'state/b',
    ]);
  });
});
