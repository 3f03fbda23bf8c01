import { describe, expect, it } from 'vitest';
import { GraphFixture, named, nodesOf } from '../../test/graph-fixtures.js';
import { fromNchwc, NCHWC_DOMAIN, toNchwc } from '../graph/nchwc.js';
import { targetOf } from '../graph/target.js';
import type { Value } from '../graph/value.js';
import { propagateNchwc } from './propagate-nchwc.js';

const target = targetOf('step', { channelBlock: 16 });

/** An NCHWc convolution between reorderings, as lowering writes it. */
function nchwcConv(fixture: GraphFixture, x: Value, name: string): Value {
  return fromNchwc(fixture.graph, fixture.conv(toNchwc(fixture.graph, x), name, 16, NCHWC_DOMAIN));
}

/** What outputs become: the operators that they need, those on NCHWc layout marked. */
function rewritten({ graph }: GraphFixture, ...values: readonly Value[]): string[] {
  const outputs = propagateNchwc.rewrite(graph, { outputs: named(...values), target });
  return nodesOf(graph, outputs).map(({ op, domain, attributes }) => {
    const activation = attributes['activation'] === 'Relu' ? ' with Relu' : '';
    return `${domain === NCHWC_DOMAIN ? 'nchwc ' : ''}${op}${activation}`;
  });
}

describe('propagate-nchwc', () => {
  it('removes reorderings between two convolutions, and makes the ReLU between them an activation', () => {
    const fixture = new GraphFixture();
    const first = nchwcConv(fixture, fixture.input('x', 2, 16, 8, 8), 'w1');
    const second = nchwcConv(fixture, fixture.elementwise('Relu', first), 'w2');
    expect(rewritten(fixture, second)).toEqual([
      'nchwc ReorderInput',
      'nchwc Conv with Relu',
      'nchwc Conv',
      'nchwc ReorderOutput',
    ]);
  });

  it('keeps a ReLU apart whose input something else reads', () => {
    const fixture = new GraphFixture();
    const first = nchwcConv(fixture, fixture.input('x', 2, 16, 8, 8), 'w1');
    const second = nchwcConv(fixture, fixture.elementwise('Relu', first), 'w2');
    expect(rewritten(fixture, second, first)).toContain('Relu');
  });

  it('adds the shortcut inside the convolution, where nothing needs it afterwards', () => {
    const sum = (withReader: boolean): string[] => {
      const fixture = new GraphFixture();
      const shortcut = nchwcConv(fixture, fixture.input('x', 2, 16, 8, 8), 'w1');
      const branch = nchwcConv(fixture, fixture.elementwise('Tanh', shortcut), 'w2');
      const added = fixture.elementwise('Add', branch, shortcut);
      const reader = withReader ? [fixture.elementwise('Neg', shortcut)] : [];
      return rewritten(fixture, added, ...reader);
    };
    expect(sum(false)).not.toContain('Add');
    expect(sum(true)).toContain('Add');
  });

  it('leaves what is not in NCHWc layout alone', () => {
    const fixture = new GraphFixture();
    const x = fixture.input('x', 2, 16, 8, 8);
    const value = fixture.elementwise('Add', fixture.elementwise('Relu', x), fixture.input('y', 2, 16, 8, 8));
    expect(rewritten(fixture, value)).toEqual(['Relu', 'Add']);
  });

  it('runs in steps on processors that have the layout', () => {
    expect(propagateNchwc.when(target)).toBe(true);
    expect(propagateNchwc.when(targetOf('step', { accelerated: true }))).toBe(false);
    expect(propagateNchwc.when(targetOf('function', { channelBlock: 16 }))).toBe(false);
  });
});
