import { mapTree, namesOf, Rng, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

const lengthOf = (x: Tensor): number => tf.sqrt(tf.sum(tf.square(x))).dataSync()[0]!;

/** Along the gradient where there is one: the slope there is its length. Else in a random direction: flat. */
function probeOf(name: string, gradient: Tensor): { direction: Tensor; slope: number } {
  const length = lengthOf(gradient);
  if (length > 0) return { direction: tf.div(gradient, length), slope: length };
  const rng = Rng.fromSeed(8).split(name);
  const drawn = tf.tensor(
    Float32Array.from({ length: gradient.size }, () => rng.normal()),
    gradient.shape,
  );
  return { direction: tf.div(drawn, lengthOf(drawn)), slope: 0 };
}

/**
 * The tensors whose gradient is not the slope of `f`, by central differences in float32 along one direction per
 * tensor; the tolerance is relative to the largest slope of all. Kinks of ReLU that lie within `step` are the reason
 * for the tolerance.
 */
export function wrongGradients(
  f: (params: Tree) => number,
  params: Tree,
  grads: Tree,
  { step = 2e-3, tolerance = 0.05 } = {},
): string[] {
  return tf.tidy(() => {
    const probes = mapTree(grads, (gradient, name) => probeOf(name, gradient));
    const scale = Math.max(1e-3, ...Object.values(probes).map(({ slope }) => slope));
    return namesOf(probes).flatMap((name) => {
      const { direction, slope } = probes[name]!;
      const at = (by: number): number =>
        f({ ...params, [name]: tf.add(params[name]!, tf.mul(direction, by)) });
      const found = (at(step) - at(-step)) / (2 * step);
      const off = Math.abs(found - slope) / scale;
      return off < tolerance ? [] : [`${name}: slope ${found}, gradient ${slope}`];
    });
  });
}
