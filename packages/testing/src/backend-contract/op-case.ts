import { Rng, type HostTensor } from '@anc/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { countOf, type Float64 } from './array.js';

/** How an input is filled. */
export type Fill =
  /** Standard normal. */
  | 'normal'
  /** Between 0.5 and 2. */
  | 'positive'
  /** All distinct, none near zero, both signs: safe on kinks. */
  | 'apart'
  /** `apart`, all below zero. */
  | 'negative'
  /** Integers 0, 1, 2 as int32. */
  | 'label';

export interface InputSpec {
  readonly shape: readonly number[];
  readonly fill: Fill;
  /** Inputs without a gradient: labels, statistics. */
  readonly fixed?: boolean;
}

/** One operation, in tfjs and in plain float64 loops. Both give one tensor. */
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
