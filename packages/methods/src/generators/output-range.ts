import type { GeneratorEnvironment } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Bytes of mean and deviation 1 in the student's normalization, per channel [C]. */
export function unitBytes({ image, normalization }: GeneratorEnvironment): {
  readonly mean: readonly number[];
  readonly std: readonly number[];
} {
  const channels = image[2]!;
  const same = (value: number): number[] => Array.from({ length: channels }, () => value);
  if (normalization === undefined || normalization === 'per-image')
    return { mean: same(127.5), std: same(63.75) };
  const { mean, std } = normalization;
  if (mean.length === channels) return { mean, std };
  const perChannel = same(0).map((_, c) => {
    const own = mean.filter((_value, i) => i % channels === c); // of a mean image [H × W × C]
    return own.reduce((sum, value) => sum + value, 0) / own.length;
  });
  return { mean: perChannel, std };
}

/** Mean 0 and deviation 1 to bytes: mean + std · x. x: [B, H, W, C]. */
export function toBytes(x: Tensor, environment: GeneratorEnvironment): Tensor {
  const { mean, std } = unitBytes(environment);
  return tf.add(tf.mul(x, tf.tensor1d([...std])), tf.tensor1d([...mean]));
}
