import type { Float64 } from './array.js';

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
