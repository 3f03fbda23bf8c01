import { describe, expect, it } from 'vitest';
import { GraphFixture, named, nodesOf, operators } from '../../test/graph-fixtures.js';
import { binary } from '../graph/arithmetic.js';
import { fromNchwc, NCHWC_DOMAIN } from '../graph/nchwc.js';
import { madeBy } from '../graph/value.js';
import { fuseConvBias } from './fuse-conv-bias.js';

describe('fuse-conv-bias', () => {
  it.each(['left', 'right'])('makes a number per channel the bias of the convolution on the %s', (side) => {
    const fixture = new GraphFixture([fuseConvBias]);
    const product = fixture.conv(fixture.input('x', 2, 3, 8, 8), 'w', 4);
    const bias = fixture.input('b', 4, 1, 1);
    const [a, b] = side === 'left' ? [product, bias] : [bias, product];
    const sum = binary(fixture.graph, 'Add', a, b);
    expect(operators(fixture.graph, named(sum))).toEqual(['Reshape', 'Conv']);
    expect(madeBy(sum, 'Conv')!.inputs.map((input) => input!.shape)).toEqual([
      [2, 3, 8, 8],
      [4, 3, 3, 3],
      [4],
    ]);
    expect(sum.shape).toEqual(product.shape);
  });

  it('reaches through the reordering of an NCHWc convolution', () => {
    const fixture = new GraphFixture([fuseConvBias]);
    const x = fixture.input('x', 2, 16, 8, 8);
    const product = fromNchwc(fixture.graph, fixture.conv(x, 'w', 16, NCHWC_DOMAIN));
    const sum = binary(fixture.graph, 'Add', product, fixture.input('b', 1, 16, 1, 1));
    const nodes = nodesOf(fixture.graph, named(sum));
    expect(nodes.map(({ op, domain }) => [op, domain])).toEqual([
      ['Reshape', ''],
      ['Conv', NCHWC_DOMAIN],
      ['ReorderOutput', NCHWC_DOMAIN],
    ]);
  });

  it.each([
    ['an image', [2, 4, 8, 8]],
    ['a row', [1, 1, 8]],
    ['a number per image and channel', [2, 4, 1, 1]],
  ])('leaves the sum with %s alone', (_name, shape) => {
    const fixture = new GraphFixture([fuseConvBias]);
    const product = fixture.conv(fixture.input('x', 2, 3, 8, 8), 'w', 4);
    const sum = binary(fixture.graph, 'Add', product, fixture.input('b', ...shape));
    expect(operators(fixture.graph, named(sum))).toEqual(['Conv', 'Add']);
  });

  it('leaves a convolution that has a bias alone', () => {
    const fixture = new GraphFixture([fuseConvBias]);
    const product = fixture.conv(fixture.input('x', 2, 3, 8, 8), 'w', 4);
    const once = binary(fixture.graph, 'Add', product, fixture.input('b', 4, 1, 1));
    const twice = binary(fixture.graph, 'Add', once, fixture.input('c', 4, 1, 1));
    expect(operators(fixture.graph, named(twice))).toEqual(['Reshape', 'Conv', 'Add']);
  });
});
