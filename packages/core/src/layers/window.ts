import { imageShape, modelInputError } from './layer.js';

/** Rows and columns added around an image: as in TensorFlow, or the same number on every side (as in PyTorch). */
export type Padding = 'same' | 'valid' | number;

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
  const around = padding === 'valid' ? 0 : 2 * padding;
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
