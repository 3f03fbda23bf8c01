import { describe, expect, it } from 'vitest';
import { GraphFixture, named, nodesOf, operators } from '../../test/graph-fixtures.js';
import { transpose } from '../graph/shape-ops.js';
import { targetOf } from '../graph/target.js';
import type { Node, Value } from '../graph/value.js';
import { foldTranspose } from './fold-transpose.js';

const target = targetOf('step');

const matmul = ({ graph }: GraphFixture, a: Value, b: Value, shape: readonly number[]): Value =>
  graph.op('MatMul', [a, b], 'float32', shape);

function rewritten({ graph }: GraphFixture, value: Value): Node[] {
  return nodesOf(graph, foldTranspose.rewrite(graph, { outputs: named(value), target }));
}

describe('fold-transpose', () => {
  it('reads both matrices of a product where they lie', () => {
    const fixture = new GraphFixture();
    const [x, y] = [fixture.input('x', 2, 4, 3), fixture.input('y', 2, 5, 4)];
    const [a, b] = [transpose(fixture.graph, x, [0, 2, 1]), transpose(fixture.graph, y, [0, 2, 1])];
    const [product, ...others] = rewritten(fixture, matmul(fixture, a, b, [2, 3, 5]));
    expect(others).toEqual([]);
    expect(product).toMatchObject({
      op: 'FusedMatMul',
      domain: 'com.microsoft',
      inputs: [x, y],
      attributes: { transA: 1, transB: 1 },
    });
    expect(product!.outputs[0]!.shape).toEqual([2, 3, 5]);
  });

  it('takes back a transposition that a product already has', () => {
    const fixture = new GraphFixture();
    const [x, y] = [fixture.input('x', 3, 4), fixture.input('y', 4, 5)];
    const product = fixture.graph.op(
      'FusedMatMul',
      [transpose(fixture.graph, x, [1, 0]), y],
      'float32',
      [3, 5],
      { transA: 1, transB: 0 },
      'com.microsoft',
    );
    expect(rewritten(fixture, product)[0]!.attributes).toEqual({ transA: 0, transB: 0 });
  });

  it('leaves other transpositions, which move a batch', () => {
    const fixture = new GraphFixture();
    const x = transpose(fixture.graph, fixture.input('x', 4, 2, 3), [1, 0, 2]);
    const product = matmul(fixture, x, fixture.input('y', 2, 3, 5), [2, 4, 5]);
    const outputs = foldTranspose.rewrite(fixture.graph, { outputs: named(product), target });
    expect(operators(fixture.graph, outputs)).toEqual(['Transpose', 'MatMul']);
  });

  it('runs in steps for the processor', () => {
    expect(foldTranspose.when(target)).toBe(true);
    expect(foldTranspose.when(targetOf('function'))).toBe(false);
    expect(foldTranspose.when(targetOf('step', { portable: true }))).toBe(false);
    expect(foldTranspose.when(targetOf('step', { accelerated: true }))).toBe(false);
  });
});
