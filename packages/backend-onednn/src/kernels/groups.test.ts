import { POSITIVE_MASK } from '@anc/compiler';
import { describe, expect, it } from 'vitest';
import type { FlatGraph, FlatNode, FlatValue } from '../graph/flat-graph.js';
import { grouped, isGroup } from './groups.js';

/** A graph of [4, 8] from lines of name, operation and what it reads; `x` and `w` are inputs, `y` … the outputs. */
function graphOf(
  lines: readonly (readonly [name: string, op: string, ...reads: string[]])[],
  outputs: readonly string[],
): { graph: FlatGraph; names: readonly string[] } {
  const names = ['x', 'w', 'axes'];
  const values: FlatValue[] = [
    { type: 'float32', shape: [4, 8], data: null, isImage: false },
    { type: 'float32', shape: [4, 8], data: null, isImage: false },
    { type: 'int64', shape: [1], data: BigInt64Array.of(0n), isImage: false },
  ];
  const nodes = lines.map(([name, op, ...reads]): FlatNode => {
    const isBool = op === 'Greater';
    values.push({
      type: isBool ? 'bool' : 'float32',
      shape: op === 'ReduceSum' ? [1, 8] : [4, 8],
      data: null,
      isImage: false,
    });
    const inputs = reads.map((read) => names.indexOf(read));
    names.push(name);
    return { op, attributes: op === 'HardSigmoid' ? POSITIVE_MASK : {}, inputs, outputs: [names.length - 1] };
  });
  const port = (name: string) => ({ name, value: names.indexOf(name) });
  return { graph: { values, nodes, inputs: [port('x'), port('w')], outputs: outputs.map(port) }, names };
}

function unitsOf(...args: Parameters<typeof graphOf>): string[] {
  const { graph, names } = graphOf(...args);
  const nameOf = ({ outputs: [value] }: FlatNode): string => names[value!]!;
  return grouped(graph, () => false).map((unit) =>
    isGroup(unit) ? `{${unit.nodes.map(nameOf).join(' ')}}` : nameOf(unit),
  );
}

describe('groups', () => {
  it('hold operations of one shape, and the sums of what they compute', () => {
    expect(
      unitsOf(
        [
          ['a', 'Add', 'x', 'w'],
          ['b', 'Mul', 'a', 'w'],
          ['s', 'ReduceSum', 'b', 'axes'],
        ],
        ['b', 's'],
      ),
    ).toEqual(['{a b s}']);
  });

  it('do not hold what reads their own sums', () => {
    expect(
      unitsOf(
        [
          ['a', 'Add', 'x', 'w'],
          ['s', 'ReduceSum', 'a', 'axes'],
          ['y', 'Sub', 'a', 's'],
        ],
        ['y'],
      ),
    ).toEqual(['{a s}', '{y}']);
  });

  it('do not depend on themselves by way of other operations', () => {
    expect(
      unitsOf(
        [
          ['a', 'Add', 'x', 'w'],
          ['t', 'Tanh', 'a'],
          ['y', 'Mul', 'a', 't'],
        ],
        ['y'],
      ),
    ).toEqual(['{a}', 't', '{y}']);
  });

  it('compute conditions where they read them', () => {
    expect(
      unitsOf(
        [
          ['r', 'Relu', 'x'],
          ['m', 'HardSigmoid', 'r'],
          ['t', 'Tanh', 'r'],
          ['y', 'Mul', 't', 'm'],
          ['c', 'Greater', 'x', 'w'],
          ['z', 'Where', 'c', 'y', 'x'],
        ],
        ['z'],
      ),
    ).toEqual(['{r}', 't', '{y z}']);
  });
});
