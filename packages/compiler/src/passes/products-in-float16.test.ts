import { describe, expect, it } from 'vitest';
import { GraphFixture, named, nodesOf, operators } from '../../test/graph-fixtures.js';
import { rotatePlanes, transpose } from '../graph/shape-ops.js';
import { targetOf } from '../graph/target.js';
import type { Attributes, Node, Value } from '../graph/value.js';
import { exponentsFor } from './float16/operands.js';
import { productsInFloat16 } from './products-in-float16.js';

const target = targetOf('step', { products: 'float16' });

/** The nodes that values need once the pass has run. */
function rewritten({ graph }: GraphFixture, ...values: readonly Value[]): Node[] {
  const outputs = productsInFloat16.rewrite(graph, { outputs: named(...values), target });
  for (const [i, { value }] of outputs.entries()) {
    expect([value.type, value.shape]).toEqual([values[i]!.type, values[i]!.shape]);
  }
  return nodesOf(graph, outputs);
}

const count = (nodes: readonly Node[], op: string, type?: string): number =>
  nodes.filter((node) => node.op === op && (type === undefined || node.outputs[0]!.type === type)).length;

const PRODUCTS = new Set(['Conv', 'ConvTranspose', 'MatMul', 'Gemm', 'FusedMatMul']);

/** Element types that products multiply. */
const multiplied = (nodes: readonly Node[]): string[] =>
  nodes.filter(({ op }) => PRODUCTS.has(op)).map(({ inputs }) => inputs[0]!.type);

const whole: Attributes = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };

describe('products-in-float16', () => {
  it('rounds both operands of every kind of product, and gives results in float32', () => {
    const fixture = new GraphFixture();
    const { graph } = fixture;
    const x = fixture.input('x', 2, 3, 8, 8);
    const [a, b] = [fixture.input('a', 5, 7), fixture.input('b', 7, 4)];
    const products = [
      fixture.conv(x, 'w', 4),
      graph.op('ConvTranspose', [x, fixture.input('v', 3, 6, 1, 1)], 'float32', [2, 6, 8, 8], whole),
      graph.op('MatMul', [a, b], 'float32', [5, 4]),
      graph.op('Gemm', [a, fixture.input('c', 4, 7)], 'float32', [5, 4], { transA: 0, transB: 1 }),
      graph.op(
        'FusedMatMul',
        [fixture.input('d', 2, 3, 5), fixture.input('e', 2, 3, 4)],
        'float32',
        [2, 5, 4],
        { transA: 1, transB: 0 },
        'com.microsoft',
      ),
    ];
    expect(multiplied(rewritten(fixture, ...products))).toEqual(new Array(5).fill('float16'));
  });

  it('adds the bias of a convolution afterwards, in float32', () => {
    const fixture = new GraphFixture();
    const { inputs, attributes } = (
      fixture.conv(fixture.input('x', 2, 3, 8, 8), 'w', 4).source as { node: Node }
    ).node;
    const biased = fixture.graph.op(
      'Conv',
      [...inputs, fixture.input('b', 4)],
      'float32',
      [2, 4, 8, 8],
      attributes,
    );
    const nodes = rewritten(fixture, biased);
    expect(nodes.slice(-3).map(({ op }) => op)).toEqual(['Mul', 'Reshape', 'Add']);
    expect(nodes.find(({ op }) => op === 'Conv')!.inputs).toHaveLength(2);
    expect(nodes.at(-1)!.inputs.map((input) => input!.shape)).toEqual([
      [2, 4, 8, 8],
      [1, 4, 1, 1],
    ]);
  });

  it('leaves depthwise convolutions alone, and multiplies gray images', () => {
    const types = (channels: number, filters: readonly number[], group: number, op = 'Conv'): string[] => {
      const fixture = new GraphFixture();
      const x = fixture.input('x', 2, channels, 8, 8);
      const w = fixture.input('w', ...filters, 1, 1);
      const results = op === 'Conv' ? filters[0]! : filters[1]! * group;
      return multiplied(
        rewritten(fixture, fixture.graph.op(op, [x, w], 'float32', [2, results, 8, 8], { ...whole, group })),
      );
    };
    expect(types(4, [4, 1], 4)).toEqual(['float32']);
    expect(types(4, [8, 1], 4)).toEqual(['float32']); // two filters per channel
    expect(types(8, [8, 1], 4, 'ConvTranspose')).toEqual(['float32']); // its gradient
    expect(types(1, [1, 1], 1, 'ConvTranspose')).toEqual(['float32']); // the gradient of an average pool
    expect(types(1, [8, 1], 1)).toEqual(['float16']);
    expect(types(8, [1, 8], 1)).toEqual(['float16']);
    expect(types(8, [8, 4], 2)).toEqual(['float16']);
  });

  it('leaves products in other layouts, and those that add or scale, alone', () => {
    const fixture = new GraphFixture();
    const [a, b] = [fixture.input('a', 5, 7), fixture.input('b', 7, 4)];
    const blocked = fixture.conv(fixture.input('x', 2, 16, 8, 8), 'w', 16, 'com.microsoft.nchwc');
    const added = fixture.graph.op('Gemm', [a, b, fixture.input('c', 4)], 'float32', [5, 4]);
    const scaled = fixture.graph.op('Gemm', [a, b], 'float32', [5, 4], { alpha: { float: 2 } });
    expect(multiplied(rewritten(fixture, blocked, added, scaled))).toEqual(new Array(3).fill('float32'));
  });

  it('searches and rounds once what several products read, also in other orders', () => {
    const fixture = new GraphFixture();
    const { graph } = fixture;
    const x = fixture.elementwise('Tanh', fixture.input('x', 2, 4, 8, 8));
    const first = fixture.conv(x, 'w', 4);
    const turned = rotatePlanes(graph, transpose(graph, fixture.input('w', 4, 4, 3, 3), [1, 0, 2, 3]));
    const { attributes } = (first.source as { node: Node }).node;
    const second = graph.op('Conv', [x, turned], 'float32', [2, 4, 8, 8], attributes);
    const nodes = rewritten(fixture, first, second);
    expect(multiplied(nodes)).toEqual(['float16', 'float16']);
    // two tensors: their maxima, and the tables of their reciprocals
    expect(count(nodes, 'ReduceMax')).toBe(4);
    expect(count(nodes, 'Cast', 'float16')).toBe(2);
    expect(nodes.filter(({ op }) => op === 'Transpose').map(({ outputs }) => outputs[0]!.type)).toEqual([
      'float16',
    ]);
  });

  it('rounds before zeros are put around, and stays behind what is not moved alone', () => {
    const fixture = new GraphFixture();
    const { graph } = fixture;
    const padded = (fill: number): Value =>
      graph.op(
        'Pad',
        [fixture.input('a', 5, 7), graph.integers([0, 0, 1, 0]), graph.scalar(fill)],
        'float32',
        [6, 7],
        { mode: 'constant' },
      );
    const product = (fill: number): Value =>
      graph.op('MatMul', [padded(fill), fixture.input('b', 7, 4)], 'float32', [6, 4]);
    const types = (fill: number): string[] =>
      rewritten(fixture, product(fill))
        .filter(({ op }) => op === 'Pad')
        .map(({ inputs, outputs }) => `${inputs.length} ${outputs[0]!.type}`);
    expect(types(0)).toEqual(['2 float16']);
    expect(types(1)).toEqual(['3 float32']);
  });

  it('returns the same outputs where nothing is multiplied', () => {
    const fixture = new GraphFixture();
    const outputs = named(fixture.elementwise('Tanh', fixture.input('x', 2)));
    expect(productsInFloat16.rewrite(fixture.graph, { outputs, target })).toBe(outputs);
    expect(operators(fixture.graph, outputs)).toEqual(['Tanh']);
  });

  it('runs where the target multiplies float16', () => {
    expect(productsInFloat16.when(target)).toBe(true);
    expect(productsInFloat16.when(targetOf('function', { accelerated: true }))).toBe(false);
  });
});

describe('exponentsFor', () => {
  it('keeps sums below 2^15, and wastes no bit', () => {
    for (let terms = 1; terms < 2 ** 30; terms = Math.ceil(terms * 1.3)) {
      const [a, b] = exponentsFor(terms);
      expect(terms * 2 ** (a + b)).toBeLessThanOrEqual(2 ** 15);
      expect(terms * 2 ** (a + b)).toBeGreaterThan(2 ** 14);
      expect([0, 1]).toContain(a - b);
    }
  });
});
