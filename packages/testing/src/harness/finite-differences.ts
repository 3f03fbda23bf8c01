import { mapTree, namesOf, Rng, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

const lengthOf = (x: Tensor): number => tf.sqrt(tf.sum(tf.square(x))).dataSync()[0]!;

/**
 * A direction and the expected directional derivative: along the gradient, where it is the gradient's length, or in a
 * random direction if the gradient is zero.
 */
function probeOf(name: string, gradient: Tensor): { direction: Tensor; derivative: number } {
  const length = lengthOf(gradient);
  if (length > 0) return { direction: tf.div(gradient, length), derivative: length };
  const rng = Rng.fromSeed(8).split(name);
  const random = tf.tensor(
    Float32Array.from({ length: gradient.size }, () => rng.normal()),
    gradient.shape,
  );
  return { direction: tf.div(random, lengthOf(random)), derivative: 0 };
}

/**
 * Checks gradients against central differences of `f` in float32, along one direction per tensor.
 * @returns one message per tensor whose gradient is wrong by more than `tolerance` times the largest derivative of all
 *   tensors. The tolerance is this large because of kinks of ReLU within `step`.
 */
export function wrongGradients(
  f: (params: Tree) => number,
  params: Tree,
  grads: Tree,
  { step = 2e-3, tolerance = 0.05 } = {},
): string[] {
  return tf.tidy(() => {
    const probes = mapTree(grads, (gradient, name) => probeOf(name, gradient));
    const scale = Math.max(1e-3, ...Object.values(probes).map(({ derivative }) => derivative));
    return namesOf(probes).flatMap((name) => {
      const { direction, derivative } = probes[name]!;
      const at = (by: number): number =>
        f({ ...params, [name]: tf.add(params[name]!, tf.mul(direction, by)) });
      const measured = (at(step) - at(-step)) / (2 * step);
      const error = Math.abs(measured - derivative) / scale;
      return error < tolerance ? [] : [`${name}: finite difference ${measured}, gradient ${derivative}`];
    });
  });
}
