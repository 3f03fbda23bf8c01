import { describe, expect, it } from 'vitest';
import { GraphFixture, nodesOf, operators } from '../../test/graph-fixtures.js';
import { targetOf } from '../graph/target.js';
import type { NamedValue, Value } from '../graph/value.js';
import { horizontalFusion } from './horizontal-fusion.js';

const target = targetOf('step');

/** m' = 0.9·m + g and w' = w - rate·m'. */
function momentum(fixture: GraphFixture, name: string, shape: readonly number[]): NamedValue[] {
  const { graph } = fixture;
  const [w, m, g] = ['w', 'm', 'g'].map((part) => fixture.input(`${part}-${name}`, ...shape));
  const next = fixture.elementwise('Add', fixture.elementwise('Mul', m!, graph.scalar(0.9)), g!);
  const change = fixture.elementwise('Mul', next, fixture.input('rate'));
  return [
    { name: `w-${name}`, value: fixture.elementwise('Sub', w!, change) },
    { name: `m-${name}`, value: next },
  ];
}

const rewritten = ({ graph }: GraphFixture, outputs: readonly NamedValue[]): readonly NamedValue[] =>
  horizontalFusion.rewrite(graph, { outputs, target });

describe('horizontal-fusion', () => {
  it('updates tensors of several sizes at once', () => {
    const fixture = new GraphFixture();
    const outputs = ['a', 'b', 'c'].flatMap((name, i) => momentum(fixture, name, [4 + i]));
    const fused = rewritten(fixture, outputs);
    expect(operators(fixture.graph, fused).toSorted()).toEqual(
      ['Add', 'Mul', 'Mul', 'Sub', ...new Array<string>(3).fill('Concat'), 'Split', 'Split'].toSorted(),
    );
    expect(fused.map(({ name }) => name)).toEqual(outputs.map(({ name }) => name));
    expect(fused.map(({ value }) => value.shape)).toEqual(outputs.map(({ value }) => value.shape));
    const [sum] = nodesOf(fixture.graph, fused).filter(({ op }) => op === 'Add');
    expect(sum!.outputs[0]!.shape).toEqual([4 + 5 + 6]);
  });

  it('returns to each output its own part of the result', () => {
    const fixture = new GraphFixture();
    const outputs = ['a', 'b', 'c'].flatMap((name) => momentum(fixture, name, [4]));
    const fused = rewritten(fixture, outputs);
    const partOf = ({ source }: Value): readonly [string, number] =>
      source.kind === 'node'
        ? [
            source.node.inputs[0]!.source.kind === 'node' ? operator(source.node.inputs[0]!) : '',
            source.index,
          ]
        : ['', -1];
    const operator = ({ source }: Value): string => (source.kind === 'node' ? source.node.op : '');
    expect(fused.map(({ value }) => partOf(value))).toEqual([
      ['Sub', 0],
      ['Add', 0],
      ['Sub', 1],
      ['Add', 1],
      ['Sub', 2],
      ['Add', 2],
    ]);
    const [joined] = nodesOf(fixture.graph, fused).filter(({ op }) => op === 'Concat');
    expect(joined!.inputs.map((x) => x!.source)).toEqual(
      ['m-a', 'm-b', 'm-c'].map((name) => ({ kind: 'input', name })),
    );
  });

  it('joins filters along their first axis where the others agree', () => {
    const fixture = new GraphFixture();
    const shapes = [
      [2, 3, 3, 3],
      [4, 3, 3, 3],
      [4, 3, 3, 3],
      [4, 2, 3, 3],
    ];
    const outputs = shapes.flatMap((shape, i) => momentum(fixture, `${i}`, shape));
    const sums = nodesOf(fixture.graph, rewritten(fixture, outputs)).filter(({ op }) => op === 'Sub');
    expect(sums.map(({ outputs: [y] }) => y!.shape).toSorted()).toEqual([
      [10, 3, 3, 3],
      [4, 2, 3, 3],
    ]);
  });

  it('does not join what other operations read, large tensors, other expressions, or a few', () => {
    const unchanged = (make: (fixture: GraphFixture) => NamedValue[]): void => {
      const fixture = new GraphFixture();
      const outputs = make(fixture);
      expect(operators(fixture.graph, rewritten(fixture, outputs))).toEqual(
        operators(fixture.graph, outputs),
      );
    };
    unchanged((fixture) => ['a', 'b'].flatMap((name) => momentum(fixture, name, [100_000])));
    unchanged((fixture) => momentum(fixture, 'alone', [4]));
    unchanged((fixture) => {
      const value = (name: string): Value =>
        fixture.elementwise('Mul', fixture.input(name, 4), fixture.input(`${name}2`, 4));
      return ['a', 'b', 'c', 'd'].map((name) => ({ name, value: fixture.sum(value(name), [0]) }));
    });
    unchanged((fixture) =>
      ['Sqrt', 'Neg', 'Abs'].map((op) => ({
        name: op,
        value: fixture.elementwise(op, fixture.input('x', 4)),
      })),
    );
  });

  it('does not let a large gradient wait for the updates of other layers', () => {
    const updates = (isNeeded: boolean): string[] => {
      const fixture = new GraphFixture();
      const outputs = ['a', 'b', 'c'].flatMap((name) => {
        const image = fixture.elementwise('Relu', fixture.input(`image-${name}`, 8, 4, 32, 32));
        const sum = fixture.sum(image, [0, 2, 3]);
        const [m, g] = [fixture.input(name, 1, 4, 1, 1), fixture.elementwise('Neg', sum)];
        const next = fixture.elementwise('Add', fixture.elementwise('Mul', m, m), g);
        const centered = fixture.graph.op('Sub', [image, sum], 'float32', image.shape);
        return [{ name, value: next }, ...(isNeeded ? [{ name: `${name}-image`, value: centered }] : [])];
      });
      return operators(fixture.graph, rewritten(fixture, outputs));
    };
    expect(updates(true)).toContain('Split');
    expect(updates(false)).not.toContain('Split');
  });

  it('runs in steps on the processor', () => {
    expect(horizontalFusion.when(target)).toBe(true);
    expect(horizontalFusion.when(targetOf('function'))).toBe(false);
    expect(horizontalFusion.when(targetOf('step', { accelerated: true }))).toBe(false);
    expect(horizontalFusion.when(targetOf('step', { ownGradients: true }))).toBe(false);
  });
});
