import { describe, expect, it } from 'vitest';
import { GraphFixture, named, nodesOf, poolAttributes } from '../../test/graph-fixtures.js';
import { poolBeforeRelu } from './pool-before-relu.js';

const pooling = { op: 'MaxPool', type: 'float32', shape: [1, 2, 2, 2], attributes: poolAttributes } as const;

describe('pool-before-relu', () => {
  it('rectifies the maxima instead of the image', () => {
    const fixture = new GraphFixture([poolBeforeRelu]);
    const x = fixture.input('x', 1, 2, 4, 4);
    const inputs = [fixture.elementwise('Relu', x)];
    const value = fixture.graph.replacement({ ...pooling, inputs })!;
    const nodes = nodesOf(fixture.graph, named(value));
    expect(nodes.map(({ op, outputs }) => [op, outputs[0]!.shape])).toEqual([
      ['MaxPool', [1, 2, 2, 2]],
      ['Relu', [1, 2, 2, 2]],
    ]);
    expect(nodes[0]!.inputs).toEqual([x]);
    expect(nodes[0]!.attributes).toEqual(poolAttributes);
  });

  it('leaves an image that is not rectified alone', () => {
    const fixture = new GraphFixture([poolBeforeRelu]);
    const x = fixture.input('x', 1, 2, 4, 4);
    const inputs = [fixture.elementwise('Tanh', x)];
    expect(fixture.graph.replacement({ ...pooling, inputs })).toBeNull();
    expect(fixture.graph.replaced.size).toBe(0);
  });
});
