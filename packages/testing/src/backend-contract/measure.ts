import type { HostTensor } from '@anc/core';
import type { Float64 } from './array.js';

/** max|Δ| / max|expected|; where all that is expected is zero, max|Δ|. NaN counts as infinitely wrong. */
export function relativeError(
  received: Pick<HostTensor, 'data'>,
  expected: { data: ArrayLike<number> },
): number {
  if (received.data.length !== expected.data.length) return Infinity;
  let [difference, scale] = [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const delta = Math.abs(received.data[i]! - expected.data[i]!);
    if (Number.isNaN(delta)) return Infinity;
    difference = Math.max(difference, delta);
    scale = Math.max(scale, Math.abs(expected.data[i]!));
  }
  return scale === 0 ? difference : difference / scale;
}

/** Gradient of a scalar function of named arrays by central differences, in float64. */
export function finiteDifferences(
  f: (inputs: Readonly<Record<string, Float64>>) => number,
  inputs: Readonly<Record<string, Float64>>,
  name: string,
): Float64 {
  const { shape, data } = inputs[name]!;
  const moved = (i: number, by: number): number => {
    const copy = data.slice();
    copy[i]! += by;
    return f({ ...inputs, [name]: { shape, data: copy } });
  };
  const step = 1e-5;
  return { shape, data: data.map((_, i) => (moved(i, step) - moved(i, -step)) / (2 * step)) };
}

/** Byte for byte. */
export const equal = (a: HostTensor, b: HostTensor): boolean =>
  a.shape.join() === b.shape.join() &&
  a.data.length === b.data.length &&
  a.data.every((value, i) => Object.is(value, b.data[i]));
