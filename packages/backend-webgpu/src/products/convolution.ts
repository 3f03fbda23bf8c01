import * as tf from '@tensorflow/tfjs-core';
import type { Runner } from './runner.js';
import { tiledProduct } from './tiled-product.js';

/** A convolution's shapes, strides and padding, as whole numbers for shaders. */
export type Window = ReturnType<typeof windowOf>;

/** Of NHWC images. Without `dilations`: 1. */
export function windowOf(
  shape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dimRoundingMode }: Pick<tf.Conv2DAttrs, 'strides' | 'pad' | 'dimRoundingMode'>,
  dilations: tf.Conv2DAttrs['dilations'] = 1,
) {
  const info = tf.backend_util.computeConv2DInfo(
    shape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations,
    pad,
    dimRoundingMode,
  );
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const { top, left } = info.padInfo;
  return {
    batchSize,
    offsets: filterHeight * filterWidth,
    places: {
      ...{ inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterWidth },
      ...{ strideHeight, strideWidth, dilationHeight, dilationWidth, top, left },
    },
  };
}

/** WGSL: a[n, h, w, channel] under an offset of the filter at a pixel of the output; 0 in the padding. */
export const IMAGE_UNDER_FILTER = `
fn underFilter(pixel : i32, offset : i32, channel : i32) -> f32 {
  let line = pixel / uniforms.outWidth;
  let h = (line % uniforms.outHeight) * uniforms.strideHeight - uniforms.top
          + (offset / uniforms.filterWidth) * uniforms.dilationHeight;
  let w = (pixel % uniforms.outWidth) * uniforms.strideWidth - uniforms.left
          + (offset % uniforms.filterWidth) * uniforms.dilationWidth;
  if (h < 0 || h >= uniforms.inHeight || w < 0 || w >= uniforms.inWidth) {
    return 0.0;
  }
  let image = line / uniforms.outHeight;
  return a[((image * uniforms.inHeight + h) * uniforms.inWidth + w) * uniforms.inChannels + channel];
}
`;

const FORWARD = `${IMAGE_UNDER_FILTER}
fn valueOfA(part : i32, row : i32, k : i32) -> f32 {
  return underFilter(row, k / uniforms.inChannels, k % uniforms.inChannels);
}
fn valueOfB(part : i32, k : i32, column : i32) -> f32 {
  return b[k * uniforms.columns + column];
}
`;

/** x [N, H, W, C] by filter [h, w, C, D]: rows are pixels of the output, sums are over (offset, input channel). */
export function convolution(
  backend: Runner,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  { batchSize, offsets, places }: Window,
): tf.TensorInfo {
  return tiledProduct(
    backend,
    {
      key: 'convolution',
      parts: 1,
      rows: batchSize * places.outHeight * places.outWidth,
      columns: places.outChannels,
      depth: offsets * places.inChannels,
      code: FORWARD,
      uniforms: places,
      alongK: { a: true, b: false },
    },
    x,
    filter,
  );
}

const INPUT_GRADIENT = `
fn valueOfA(part : i32, row : i32, k : i32) -> f32 {
  let offset = k / uniforms.outChannels;
  let line = row / uniforms.inWidth;
  let h = line % uniforms.inHeight + uniforms.top - offset / uniforms.filterWidth;
  let w = row % uniforms.inWidth + uniforms.left - offset % uniforms.filterWidth;
  if (h < 0 || w < 0 || h % uniforms.strideHeight != 0 || w % uniforms.strideWidth != 0) {
    return 0.0;
  }
  let outH = h / uniforms.strideHeight;
  let outW = w / uniforms.strideWidth;
  if (outH >= uniforms.outHeight || outW >= uniforms.outWidth) {
    return 0.0;
  }
  let image = line / uniforms.inHeight;
  return a[((image * uniforms.outHeight + outH) * uniforms.outWidth + outW) * uniforms.outChannels
           + k % uniforms.outChannels];
}
fn valueOfB(part : i32, k : i32, column : i32) -> f32 {
  let offset = k / uniforms.outChannels;
  return b[(offset * uniforms.inChannels + column) * uniforms.outChannels + k % uniforms.outChannels];
}
`;

/** ∂L/∂x of `convolution` without dilation: rows are pixels of the input, sums are over (offset, output channel). */
export function inputGradient(
  backend: Runner,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  { batchSize, offsets, places }: Window,
): tf.TensorInfo {
  return tiledProduct(
    backend,
    {
      key: 'inputGradient',
      parts: 1,
      rows: batchSize * places.inHeight * places.inWidth,
      columns: places.inChannels,
      depth: offsets * places.outChannels,
      code: INPUT_GRADIENT,
      uniforms: places,
      alongK: { a: true, b: true },
    },
    dy,
    filter,
  );
}
