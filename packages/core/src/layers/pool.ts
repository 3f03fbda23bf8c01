import * as tf from '@tensorflow/tfjs-core';
import { imageShape, stateless, type Layer } from './layer.js';
import { windowArguments, windowOutput, type Padding } from './window.js';

export interface PoolOptions {
  /** Side of the square window. */
  readonly kernelSize: number;
  /** Defaults to `size`. */
  readonly stride?: number;
  readonly padding?: Padding;
}

type Kind = typeof tf.maxPool | typeof tf.avgPool;

function pool(kind: Kind, name: string, options: PoolOptions): Layer {
  const { kernelSize: size, stride = size, padding = 'valid' } = options;
  const { pad, rounding } = windowArguments(padding);
  return stateless(
    name,
    (input) => [...windowOutput(name, input, size, stride, padding), imageShape(name, input)[2]],
    (x) => kind(x as tf.Tensor4D, size, stride, pad, rounding),
  );
}

/** The largest value of each window: [B, H, W, C] -> [B, H', W', C]. */
export const maxPool = (name: string, options: PoolOptions): Layer => pool(tf.maxPool, name, options);

/** The mean of each window, padding left out: [B, H, W, C] -> [B, H', W', C]. */
export const avgPool = (name: string, options: PoolOptions): Layer => pool(tf.avgPool, name, options);

/** The mean of each channel: [B, H, W, C] -> [B, C]. */
export const globalAveragePool = (name = 'pool'): Layer =>
  stateless(
    name,
    (input) => [imageShape(name, input)[2]],
    (x) => tf.mean(x, [1, 2]),
  );
