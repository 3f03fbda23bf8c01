import { describe, expect, it } from 'vitest';
import { GraphFixture, named, operators } from '../../test/graph-fixtures.js';
import { binary } from '../graph/arithmetic.js';
import { POSITIVE_MASK } from '../graph/positive-mask.js';
import { madeBy, type Attributes, type Value } from '../graph/value.js';
import { maskBeforeUnpool } from './mask-before-unpool.js';

const SHAPE = [1, 2, 4, 4];

/** The gradient of max-pool(relu(x)) by tfjs's rules; `mask` makes x > 0. */
function gradient(fixture: GraphFixture, maskOf: (fixture: GraphFixture, x: Value) => Value): Value {
  const x = fixture.input('x', ...SHAPE);
  const relu = fixture.elementwise('Relu', x);
  const [, positions] = fixture.maxPool(relu);
  const unpooled = fixture.unpool(fixture.input('dy', 1, 2, 2, 2), positions, SHAPE);
  return binary(fixture.graph, 'Mul', unpooled, maskOf(fixture, relu));
}

const masksWindows = (value: Value): boolean => {
  const unpool = madeBy(value, 'MaxUnpool');
  return unpool !== null && madeBy(unpool.inputs[0]!, 'Mul') !== null;
};

describe('mask-before-unpool', () => {
  it('masks the gradient of the maxima instead of the whole plane', () => {
    const fixture = new GraphFixture([maskBeforeUnpool]);
    const value = gradient(fixture, (f, relu) => f.mask(relu));
    expect(value.shape).toEqual(SHAPE);
    expect(operators(fixture.graph, named(value))).toEqual(['MaxPool', 'HardSigmoid', 'Mul', 'MaxUnpool']);
    const mask = madeBy(madeBy(value, 'MaxUnpool')!.inputs[0]!, 'Mul')!.inputs[1]!;
    expect(madeBy(mask, 'HardSigmoid')!.inputs[0]!.shape).toEqual([1, 2, 2, 2]);
    expect(fixture.graph.replaced.get('mask-before-unpool')).toBe(1);
  });

  it('takes the factors in either order, and masks of x as of relu(x)', () => {
    const fixture = new GraphFixture([maskBeforeUnpool]);
    const plain = gradient(fixture, (f, relu) => f.mask(madeBy(relu, 'Relu')!.inputs[0]!));
    expect(masksWindows(plain)).toBe(true);
    const [unpooled, mask] = [
      fixture.unpool(
        fixture.input('other', 1, 2, 2, 2),
        fixture.maxPool(fixture.input('x', ...SHAPE))[1],
        SHAPE,
      ),
      fixture.mask(fixture.input('x', ...SHAPE)),
    ];
    expect(masksWindows(binary(fixture.graph, 'Mul', mask, unpooled))).toBe(true);
  });

  it('recognizes the mask where the graph merged it with an equal node made before', () => {
    const fixture = new GraphFixture([maskBeforeUnpool]);
    let [earlier, later]: (Value | null)[] = [null, null];
    const value = gradient(fixture, (f, relu) => {
      earlier = f.mask(relu, { alpha: { float: 3e38 }, beta: { float: 0 } });
      return (later = f.mask(relu, POSITIVE_MASK));
    });
    expect(later).toBe(earlier);
    expect(masksWindows(value)).toBe(true);
  });

  it.each<[string, Attributes]>([
    ['of another slope', { alpha: { float: 0.2 }, beta: { float: 0 } }],
    ['of another offset', { alpha: { float: 3e38 }, beta: { float: 0.5 } }],
    ['without attributes', {}],
  ])('leaves a HardSigmoid %s alone', (_name, attributes) => {
    const fixture = new GraphFixture([maskBeforeUnpool]);
    expect(masksWindows(gradient(fixture, (f, relu) => f.mask(relu, attributes)))).toBe(false);
  });

  it('leaves the mask of another tensor alone', () => {
    const fixture = new GraphFixture([maskBeforeUnpool]);
    expect(masksWindows(gradient(fixture, (f) => f.mask(f.input('other', ...SHAPE))))).toBe(false);
  });
});
