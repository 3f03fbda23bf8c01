import { Rng, type HostTensor } from '@anc/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { countOf, type Float64 } from '../float64/array.js';

/** How an input is filled with numbers. */
export type Fill =
  /** Standard normal. */
  | 'normal'
  /** Between 0.5 and 2. */
  | 'positive'
  /** Distinct numbers of both signs, none near zero: away from kinks. */
  | 'apart'
  /** The same, all below zero. */
  | 'negative'
  /** Integers 0, 1, 2 as int32. */
  | 'label';

export interface InputSpec {
  readonly shape: readonly number[];
  readonly fill: Fill;
  /** Inputs without a gradient: labels, statistics. */
  readonly fixed?: boolean;
}

/** One operation with one output, in tfjs and in plain float64 loops. */
export interface OpCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  run(inputs: Readonly<Record<string, Tensor>>): Tensor;
  reference(inputs: Readonly<Record<string, Float64>>): Float64;
}

export function filledInput({ shape, fill }: InputSpec, seed: string): HostTensor {
  const rng = Rng.fromSeed(17).split(seed);
  const size = countOf(shape);
  const order = rng.permutation(size);
  const draw: Record<Exclude<Fill, 'label'>, (i: number) => number> = {
    normal: () => rng.normal(),
    positive: () => 0.5 + 1.5 * rng.uniform(),
    apart: (i) => (order[i]! - size / 2 + 0.37) * (4 / size),
    negative: (i) => -(order[i]! + 1) * (4 / size),
  };
  if (fill === 'label') return { shape, data: Int32Array.from({ length: size }, () => rng.int(3)) };
  return { shape, data: Float32Array.from({ length: size }, (_, i) => draw[fill](i)) };
}
