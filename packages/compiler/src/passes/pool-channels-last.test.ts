import { describe, expect, it } from 'vitest';
import { GraphFixture, named, nodesOf, operators } from '../../test/graph-fixtures.js';
import { fromNchwc, NCHWC_DOMAIN, toNchwc } from '../graph/nchwc.js';
import { targetOf } from '../graph/target.js';
import type { NamedValue, Value } from '../graph/value.js';
import { poolChannelsLast } from './pool-channels-last.js';

const target = targetOf('step');
const SHAPE = [2, 16, 8, 8];

interface Pooled {
  readonly fixture: GraphFixture;
  readonly maxima: Value;
  readonly positions: Value;
  readonly gradient: Value;
}

/** A max-pool of x and its gradient. */
function pooled(imageOf: (fixture: GraphFixture) => Value = (f) => f.input('x', ...SHAPE)): Pooled {
  const fixture = new GraphFixture();
  const [maxima, positions] = fixture.maxPool(imageOf(fixture));
  const gradient = fixture.unpool(fixture.input('dy', 2, 16, 4, 4), positions, SHAPE);
  return { fixture, maxima, positions, gradient };
}

const rewritten = ({ fixture }: Pooled, outputs: readonly NamedValue[]): readonly NamedValue[] =>
  poolChannelsLast.rewrite(fixture.graph, { outputs, target });

describe('pool-channels-last', () => {
  it('compares the places of the windows, and needs no positions', () => {
    const found = pooled();
    const outputs = named(found.maxima, found.gradient);
    const after = rewritten(found, outputs);
    const operations = operators(found.fixture.graph, after);
    expect(operations).not.toContain('MaxPool');
    expect(operations).not.toContain('MaxUnpool');
    expect(operations.filter((op) => op === 'Max')).toHaveLength(3);
    expect(operations.filter((op) => op === 'Equal')).toHaveLength(3); // the last place gets what is left
    expect(after.map(({ value }) => value.shape)).toEqual(outputs.map(({ value }) => value.shape));
  });

  it('leaves NCHWc layout, and enters it again, in one reordering each', () => {
    const found = pooled((f) => fromNchwc(f.graph, toNchwc(f.graph, f.input('x', ...SHAPE))));
    const blocked = toNchwc(found.fixture.graph, found.gradient);
    const after = rewritten(found, named(blocked));
    const reorders = nodesOf(found.fixture.graph, after).filter(({ domain }) => domain === NCHWC_DOMAIN);
    expect(reorders.map(({ op, attributes }) => [op, attributes['channels_last']])).toEqual([
      ['ReorderInput', 0],
      ['ReorderOutput', 1],
      ['ReorderInput', 1],
    ]);
  });

  it('takes sums of the gradient before it is spread', () => {
    const found = pooled();
    const after = rewritten(found, named(found.fixture.sum(found.gradient, [0, 2, 3])));
    expect(operators(found.fixture.graph, after)).toEqual(['ReduceSum']);
  });

  it('leaves a pool alone whose positions are an output, read by something else, or not read', () => {
    const kept = pooled();
    const output = named(kept.gradient, kept.positions);
    expect(rewritten(kept, output)).toBe(output);
    const read = pooled();
    const { graph } = read.fixture;
    const cast = graph.op('Cast', [read.positions], 'float32', read.positions.shape, { to: 1 });
    const outputs = named(read.gradient, cast);
    expect(rewritten(read, outputs)).toBe(outputs);
    const forward = pooled();
    const maxima = named(forward.maxima);
    expect(rewritten(forward, maxima)).toBe(maxima);
  });

  it('runs in steps only: a function has no gradient', () => {
    expect(poolChannelsLast.when(target)).toBe(true);
    expect(poolChannelsLast.when(targetOf('function'))).toBe(false);
  });
});
