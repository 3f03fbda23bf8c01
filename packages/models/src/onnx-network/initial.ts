import { filled, type HostTensor, type Rng } from '@anc/core';
import { INITIALIZERS } from '@anc/core/internal';
import type { Role, Variable } from './parameters.js';

/** What variables that are not drawn start at. */
const CONSTANT: Readonly<Partial<Record<Role, number>>> = {
  bias: 0,
  shift: 0,
  mean: 0,
  scale: 1,
  variance: 1,
  slope: 0.25,
};
/** Standard deviation of embeddings and tokens (Dosovitskiy et al. 2021, arXiv 2010.11929). */
const EMBEDDING = 0.02;

/** A variable's first value in a network of this architecture that was never trained. */
export function freshValue(
  { role, key, value: { shape }, fanIn }: Variable,
  rng: Rng,
  isHead: boolean,
): HostTensor {
  const constant = CONSTANT[role];
  if (constant !== undefined) return filled(shape, constant);
  const own = rng.split(key);
  if (role === 'kernel') {
    const initializer = INITIALIZERS[isHead ? 'glorot-uniform' : 'he-normal'];
    return initializer(own, shape, fanIn, shape.at(-1)!);
  }
  const { data } = filled(shape);
  own.fillNormal(data as Float32Array, EMBEDDING);
  return { shape: [...shape], data };
}
