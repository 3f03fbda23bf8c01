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

/** Steps of finite differences, of which two neighbors must agree: kinks of ReLU and rounding spoil some of them. */
const STEPS = [3e-3, 1e-3, 3e-4] as const;

/**
 * Checks the gradients of a whole network at the cost of a few values of `f`: along the direction that moves every
 * tensor by the same length, along its gradient. A wrong tensor shows in proportion to its share of the derivative.
 * Very deep networks have no step at which finite differences are accurate in float32; nothing is known of those.
 *
 * @returns a message where the derivative is wrong by more than `tolerance` times its size.
 */
export function wrongDirection(
  f: (params: Tree) => number,
  params: Tree,
  grads: Tree,
  tolerance = 0.05,
): string[] {
  return tf.tidy(() => {
    const names = namesOf(grads).filter((name) => lengthOf(grads[name]!) > 0);
    const scale = 1 / Math.sqrt(Math.max(1, names.length));
    const probes = names.map((name) => [name, probeOf(name, grads[name]!)] as const);
    const derivative = scale * probes.reduce((sum, [, probe]) => sum + probe.derivative, 0);
    const at = (by: number): number => {
      const moved = probes.map(([name, { direction }]) => [
        name,
        tf.add(params[name]!, tf.mul(direction, by * scale)),
      ]);
      return f({ ...params, ...(Object.fromEntries(moved) as Tree) });
    };
    let before = NaN;
    for (const step of STEPS) {
      const measured = (at(step) - at(-step)) / (2 * step);
      const isAccurate = Math.abs(measured - before) <= (tolerance / 3) * Math.abs(measured);
      if (isAccurate) {
        return Math.abs(measured - derivative) <= tolerance * Math.abs(measured)
          ? []
          : [`finite difference ${measured}, gradient ${derivative}, in the direction of all gradients`];
      }
      before = measured;
    }
    return [];
  });
}
