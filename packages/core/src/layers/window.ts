import type { backend_util } from '@tensorflow/tfjs-core';
import { imageShape, modelInputError } from './layer.js';

/**
 * Rows and columns added around an image: as in TensorFlow; the same number on every side, as in PyTorch; or so many
 * above and to the left, and so many below and to the right, as in Keras's `ZeroPadding2D(((0, 1), (0, 1)))`.
 */
export type Padding = 'same' | 'valid' | number | readonly [before: number, after: number];

/** The last two arguments of tfjs's windows. */
export interface WindowArguments {
  readonly pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
  readonly rounding: 'floor' | undefined;
}

export function windowArguments(padding: Padding): WindowArguments {
  if (typeof padding === 'string') return { pad: padding, rounding: undefined };
  if (typeof padding === 'number') return { pad: padding, rounding: 'floor' };
  const [before, after] = padding;
  const pad: backend_util.ExplicitPadding = [
    [0, 0],
    [before, after],
    [before, after],
    [0, 0],
  ];
  return { pad, rounding: 'floor' };
}

/**
 * Height and width after a square window of `size` moves by `stride`.
 * Throws `ANC_MODEL_INPUT` where the window is larger than the padded image.
 */
export function windowOutput(
  layer: string,
  input: readonly number[],
  size: number,
  stride: number,
  padding: Padding,
): readonly [number, number] {
  const [height, width] = imageShape(layer, input);
  if (padding === 'same') return [Math.ceil(height / stride), Math.ceil(width / stride)];
  const around = addedTo(padding);
  if (height + around < size || width + around < size) {
    throw modelInputError(
      layer,
      `at least ${size - around} × ${size - around} pixels (its window is ${size} × ${size})`,
      input,
      'use larger images, or a network with fewer poolings and strides.',
    );
  }
  const steps = (length: number): number => Math.floor((length + around - size) / stride) + 1;
  return [steps(height), steps(width)];
}

/** What padding adds to a side. */
function addedTo(padding: Exclude<Padding, 'same'>): number {
  if (padding === 'valid') return 0;
  return typeof padding === 'number' ? 2 * padding : padding[0] + padding[1];
}
