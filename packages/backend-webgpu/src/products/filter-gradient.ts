import type * as tf from '@tensorflow/tfjs-core';
import { IMAGE_UNDER_FILTER, type Window } from './convolution.js';
import type { Runner } from './runner.js';
import { DEPTH, TILE, tiledProduct } from './tiled-product.js';

/** Workgroups that fill a large GPU, and fewest pixels for each: below that, splitting costs more than it gains. */
const WORKGROUPS = 512;
const LEAST_PIXELS = 256;

const CODE = `${IMAGE_UNDER_FILTER}
fn valueOfA(part : i32, row : i32, k : i32) -> f32 {
  return underFilter(k, row / uniforms.inChannels, row % uniforms.inChannels);
}
fn valueOfB(part : i32, k : i32, column : i32) -> f32 {
  return b[k * uniforms.columns + column];
}
`;

/**
 * ∂L/∂filter as an implicit matrix product: rows are (offset, input channel), columns are output channels, and the sum is
 * over the pixels of the whole batch. Workgroups sum chunks of pixels in parallel; the chunks are added up afterwards,
 * always in the same order.
 *
 * @returns [chunks, rows, columns]
 */
export function filterGradientInChunks(
  backend: Runner,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  { batchSize, offsets, places }: Window,
): tf.TensorInfo {
  const rows = offsets * places.inChannels;
  const columns = places.outChannels;
  const pixels = batchSize * places.outHeight * places.outWidth;
  const [across, down] = [Math.ceil(columns / TILE), Math.ceil(rows / TILE)];
  const most = Math.min(Math.ceil(WORKGROUPS / (across * down)), Math.ceil(pixels / LEAST_PIXELS));
  const perChunk = Math.ceil(pixels / most / DEPTH) * DEPTH;
  return tiledProduct(
    backend,
    {
      key: 'filterGradient',
      parts: Math.ceil(pixels / perChunk),
      rows,
      columns,
      depth: pixels,
      perChunk,
      code: CODE,
      uniforms: places,
      alongK: { a: false, b: false },
    },
    x,
    dy,
  );
}
