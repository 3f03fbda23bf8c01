import { drawNoise, Rng, type Context, type HostTensor } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Standard normal numbers, always the same for a seed and a name. */
export function gaussian(seed: number, name: string, shape: readonly number[]): Tensor {
  const rng = Rng.fromSeed(seed).split(name);
  const size = shape.reduce((product, axis) => product * axis, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => rng.normal()),
    [...shape] as [number],
  );
}

/** On the active tfjs backend; bytes become float32, integers stay. */
export const toTensor = ({ shape, data }: HostTensor): Tensor =>
  data instanceof Int32Array
    ? tf.tensor(data, [...shape], 'int32')
    : tf.tensor(Float32Array.from(data), [...shape] as [number]);

/** max|x| */
export const largest = (x: Tensor): number => tf.max(tf.abs(x)).dataSync()[0]!;

/** Whether every number is finite; NaN fails both comparisons. */
export const finite = (x: Tensor): boolean => largest(x) < Number.MAX_VALUE;

/** A context with the noise of one step. `activations` collects the names that a network passes through it. */
export const contextOf = (training: boolean, activations: string[] = []): Context => ({
  training,
  noise: (name, shape, distribution) =>
    tf.tensor(drawNoise({ name, shape, distribution }, 1, 0).data, [...shape] as [number], 'float32'),
  activation(name, x) {
    activations.push(name);
    return x;
  },
});
