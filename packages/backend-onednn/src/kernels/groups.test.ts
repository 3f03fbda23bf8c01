import { POSITIVE_MASK } from '@anc/compiler';
import { Rng } from '@anc/core';
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

/** Sums, products, choices and elementwise operations of what came before, nearly at random. */
function randomLines(rng: Rng): Parameters<typeof graphOf>[0] {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(rng.uniform() * all.length)]!;
  const [whole, lines] = [['x', 'w'], [] as (readonly [string, string, ...string[]])[]];
  for (let i = 0; i < 60; i++) {
    const read = (): string => pick(rng.uniform() < 0.7 ? whole.slice(-6) : whole);
    const name = `n${i}`;
    const op = pick(['Add', 'Mul', 'Max', 'Relu', 'Neg', 'ReduceSum', 'MatMul', 'Where']);
    if (op === 'ReduceSum') lines.push([name, op, read(), 'axes'], [`${name}b`, 'Add', name, read()]);
    else if (op === 'Where')
      lines.push([`${name}c`, 'Greater', read(), read()], [name, op, `${name}c`, read(), read()]);
    else lines.push(op === 'Relu' || op === 'Neg' ? [name, op, read()] : [name, op, read(), read()]);
    whole.push(op === 'ReduceSum' ? `${name}b` : name);
  }
  return lines;
}

describe('groups', () => {
  it('come after what they read, in any graph', () => {
    const rng = Rng.fromSeed(11);
    for (let i = 0; i < 400; i++) {
      const lines = randomLines(rng);
      const { graph, names } = graphOf(lines, [lines.at(-1)![0]]);
      const { nodes } = graph;
      const producer = new Map(nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
      const done = new Set<FlatNode>();
      for (const unit of grouped(graph, () => false)) {
        const members = isGroup(unit) ? unit.nodes : [unit];
        for (const node of members) expect(done.has(node)).toBe(false);
        const before = (value: number | null): boolean => {
          const made = value === null ? undefined : producer.get(value);
          if (made === undefined || done.has(made) || members.includes(made)) return true;
          return graph.values[value!]!.type === 'bool' && made.inputs.every(before); // computed where it is read
        };
        for (const { inputs } of members) expect(inputs.every(before), `${i}: ${names.length}`).toBe(true);
        for (const node of members) done.add(node);
      }
      const left = nodes.filter((node) => !done.has(node) && node.op !== 'Greater');
      expect(left).toEqual([]);
    }
  });

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
