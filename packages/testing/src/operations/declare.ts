import type { Tensor } from '@tensorflow/tfjs-core';
import { combine, map } from '../float64/array.js';
import type { Fill, InputSpec, OpCase } from './op-case.js';

export const input = (shape: readonly number[], fill: Fill = 'normal'): InputSpec => ({ shape, fill });
export const fixed = (shape: readonly number[], fill: Fill): InputSpec => ({ shape, fill, fixed: true });

export function unary(
  name: string,
  run: (x: Tensor) => Tensor,
  f: (x: number) => number,
  fill: Fill = 'normal',
): OpCase {
  return {
    name,
    inputs: { x: input([3, 5], fill) },
    run: ({ x }) => run(x!),
    reference: ({ x }) => map(x!, f),
  };
}

export function binary(
  name: string,
  run: (a: Tensor, b: Tensor) => Tensor,
  f: (a: number, b: number) => number,
  fill: Fill = 'normal',
): OpCase[] {
  const pairs: [string, number[], number[]][] = [
    ['', [2, 3, 4], [2, 3, 4]],
    [' with a row', [2, 3, 4], [4]],
    [' with a scalar', [], [2, 3, 4]],
  ];
  return pairs.map(([how, a, b]) => ({
    name: name + how,
    inputs: { a: input(a, fill), b: input(b, fill === 'apart' ? 'normal' : fill) },
    run: ({ a, b }) => run(a!, b!),
    reference: ({ a, b }) => combine(a!, b!, f),
  }));
}
