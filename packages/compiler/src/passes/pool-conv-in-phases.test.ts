import { describe, expect, it } from 'vitest';
import { GraphFixture, named, nodesOf, operators } from '../../test/graph-fixtures.js';
import { im2colProducts } from '../graph/im2col.js';
import { targetOf } from '../graph/target.js';
import type { NamedValue, Value } from '../graph/value.js';
import { poolConvInPhases } from './pool-conv-in-phases.js';

const target = targetOf('step');

/** A pooled convolution with its filter's and its bias's gradients; `more` adds outputs that read the convolution. */
function pooled(
  channels: number,
  more: (fixture: GraphFixture, conv: Value, positions: Value) => readonly Value[] = () => [],
): { fixture: GraphFixture; outputs: NamedValue[] } {
  const fixture = new GraphFixture();
  const x = fixture.input('x', 2, channels, 8, 8);
  const conv = fixture.conv(x, 'w', 4);
  const [maxima, positions] = fixture.maxPool(conv);
  const unpooled = fixture.unpool(fixture.input('dy', 2, 4, 4, 4), positions, conv.shape);
  const products = im2colProducts(fixture.graph, x, unpooled, {
    kernelSize: [3, 3],
    strides: [1, 1],
    dilations: [1, 1],
    pads: [1, 1, 1, 1],
    outputSize: [8, 8],
  });
  const outputs = named(maxima, products, fixture.sum(unpooled, [2, 3]), ...more(fixture, conv, positions));
  return { fixture, outputs };
}

describe('pool-conv-in-phases', () => {
  it('computes the convolution once per place of the window, and needs no positions', () => {
    const { fixture, outputs } = pooled(3);
    const before = operators(fixture.graph, outputs);
    expect(before).toContain('MaxUnpool');
    const rewritten = poolConvInPhases.rewrite(fixture.graph, { outputs, target });
    const nodes = nodesOf(fixture.graph, rewritten);
    const count = (op: string): number => nodes.filter((node) => node.op === op).length;
    expect(count('MaxPool') + count('MaxUnpool')).toBe(0);
    // Each of the 4 phases is computed once, and its columns are taken once.
    const convolutions = nodes.filter(({ op }) => op === 'Conv');
    expect(convolutions).toHaveLength(8);
    for (const { attributes } of convolutions) expect(attributes['strides']).toEqual([2, 2]);
    expect(count('MatMul')).toBe(4);
    expect(rewritten.map(({ name, value }) => [name, value.shape])).toEqual(
      outputs.map(({ name, value }) => [name, value.shape]),
    );
  });

  it('takes the sum of the gradient before it is spread', () => {
    const { fixture, outputs } = pooled(3);
    const rewritten = poolConvInPhases.rewrite(fixture.graph, { outputs, target });
    const sum = nodesOf(fixture.graph, rewritten).find(({ op }) => op === 'ReduceSum')!;
    expect(sum.inputs[0]).toBe(fixture.input('dy', 2, 4, 4, 4));
  });

  it.each<[string, ReturnType<typeof pooled>]>([
    ['many channels', pooled(8)],
    ['a convolution that something else reads', pooled(3, (f, conv) => [f.elementwise('Tanh', conv)])],
    ['positions that are an output', pooled(3, (_f, _conv, positions) => [positions])],
    [
      'a gradient that something else reads',
      pooled(3, (f, conv, positions) => [
        f.elementwise('Neg', f.unpool(f.input('dy', 2, 4, 4, 4), positions, conv.shape)),
      ]),
    ],
  ])('leaves %s alone', (_name, { fixture, outputs }) => {
    expect(poolConvInPhases.rewrite(fixture.graph, { outputs, target })).toBe(outputs);
  });

  it('runs in steps only: a function has no gradient', () => {
    expect(poolConvInPhases.when(target)).toBe(true);
    expect(poolConvInPhases.when(targetOf('function'))).toBe(false);
  });
});
