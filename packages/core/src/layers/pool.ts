import * as tf from '@tensorflow/tfjs-core';
import { imageShape, stateless, type Layer } from './layer.js';
import { windowArguments, windowOutput, type Padding } from './window.js';

/** Options of `maxPool` and `avgPool`. */
export interface PoolOptions {
  /** Side of the square window. */
  readonly kernelSize: number;
  /** Defaults to `kernelSize`. */
  readonly stride?: number;
  /** Padding at the border; default: `valid`. */
  readonly padding?: Padding;
}

type Kind = typeof tf.maxPool | typeof tf.avgPool;

function pool(kind: Kind, name: string, options: PoolOptions): Layer {
  const { kernelSize, stride = kernelSize, padding = 'valid' } = options;
  const { pad, rounding } = windowArguments(padding);
  return stateless(
    name,
    (input) => [...windowOutput(name, input, kernelSize, stride, padding), imageShape(name, input)[2]],
    (x) => kind(x as tf.Tensor4D, kernelSize, stride, pad, rounding),
  );
}

/** The maximum of each window: [B, H, W, C] -> [B, H', W', C]. */
export const maxPool = (name: string, options: PoolOptions): Layer => pool(tf.maxPool, name, options);

/** The mean of each window, padding excluded: [B, H, W, C] -> [B, H', W', C]. */
export const avgPool = (name: string, options: PoolOptions): Layer => pool(tf.avgPool, name, options);

/** The mean of each channel: [B, H, W, C] -> [B, C]. */
export const globalAveragePool = (name = 'pool'): Layer =>
  stateless(
    name,
    (input) => [imageShape(name, input)[2]],
    (x) => tf.mean(x, [1, 2]),
  );
