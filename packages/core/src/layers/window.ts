import type { backend_util } from '@tensorflow/tfjs-core';
import { imageShape, modelInputError } from './layer.js';

/**
 * Rows and columns added around an image: `same` and `valid` as in TensorFlow; a number for every side, as in
 * PyTorch; or one number for top and left and one for bottom and right, as in Keras's `ZeroPadding2D(((0, 1), (0,
 * 1)))`.
 */
export type Padding = 'same' | 'valid' | number | readonly [before: number, after: number];

/** The last two arguments of tfjs's convolutions and poolings. */
export interface WindowArguments {
  readonly pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
  readonly rounding: 'floor' | undefined;
}

/** Padding as tfjs takes it. */
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
 * Height and width of the output of a convolution or pooling.
 *
 * @param kernelSize side of the square window.
 * @throws `ANC_MODEL_INPUT` where the window is larger than the padded image.
 */
export function windowOutput(
  layer: string,
  input: readonly number[],
  kernelSize: number,
  stride: number,
  padding: Padding,
): readonly [number, number] {
  const [height, width] = imageShape(layer, input);
  if (padding === 'same') return [Math.ceil(height / stride), Math.ceil(width / stride)];
  const added = addedBy(padding);
  if (height + added < kernelSize || width + added < kernelSize) {
    throw modelInputError(
      layer,
      `at least ${kernelSize - added} × ${kernelSize - added} pixels (its window is ${kernelSize} × ${kernelSize})`,
      input,
      'use larger images, or a network with fewer poolings and strides.',
    );
  }
  const steps = (length: number): number => Math.floor((length + added - kernelSize) / stride) + 1;
  return [steps(height), steps(width)];
}

/** Rows, or columns, that the padding adds in all. */
function addedBy(padding: Exclude<Padding, 'same'>): number {
  if (padding === 'valid') return 0;
  return typeof padding === 'number' ? 2 * padding : padding[0] + padding[1];
}
