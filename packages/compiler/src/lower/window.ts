import { backend_util } from '@tensorflow/tfjs-core';
import { identityLayout, NCHW } from './traced-tensor.js';

/** The geometry of a convolution or pooling, as tfjs computes it. */
export type Window = Omit<backend_util.Conv2DInfo, 'filterShape'>;

type Shape4 = [number, number, number, number];
type Pad = 'same' | 'valid' | number | backend_util.ExplicitPadding;
type Attrs = Readonly<Record<string, unknown>>;

const strided = (value: unknown): number | [number, number] =>
  (value as number | [number, number] | undefined) ?? 1;

export function convWindow(
  attrs: Attrs,
  input: readonly number[],
  filter: readonly number[],
  depthwise = false,
): Window {
  const format = (attrs['dataFormat'] as 'NHWC' | 'NCHW' | undefined) ?? 'NHWC';
  return backend_util.computeConv2DInfo(
    input as Shape4,
    filter as Shape4,
    strided(attrs['strides']),
    strided(attrs['dilations']),
    attrs['pad'] as Pad,
    attrs['dimRoundingMode'] as 'floor' | 'round' | 'ceil' | undefined,
    depthwise,
    backend_util.convertConv2DDataFormat(format),
  );
}

export function poolWindow(attrs: Attrs, input: readonly number[]): Window {
  return backend_util.computePool2DInfo(
    input as Shape4,
    attrs['filterSize'] as number | [number, number],
    strided(attrs['strides']),
    1,
    attrs['pad'] as Pad,
    attrs['dimRoundingMode'] as 'floor' | 'round' | 'ceil' | undefined,
  );
}

/** A window's strides and padding as ONNX attributes. */
export function windowAttributes({ padInfo, strideHeight, strideWidth }: Window): {
  strides: number[];
  pads: number[];
} {
  return {
    strides: [strideHeight, strideWidth],
    pads: [padInfo.top, padInfo.left, padInfo.bottom, padInfo.right],
  };
}

/**
 * Zeros around a convolution's output with which every pixel of its input, at stride 1, meets every place of the filter: top,
 * left, bottom, right.
 */
export function padsAround({ padInfo, ...window }: Window): readonly [number, number, number, number] {
  const down = (window.filterHeight - 1) * window.dilationHeight;
  const across = (window.filterWidth - 1) * window.dilationWidth;
  return [down - padInfo.top, across - padInfo.left, down - padInfo.bottom, across - padInfo.right];
}

/** The layout that is [B, C, H, W] in memory for this data format. */
export const imageLayout = ({ dataFormat }: Window): readonly number[] =>
  dataFormat === 'channelsFirst' ? identityLayout(4) : NCHW;

export const isPadded = ({ padInfo }: Window): boolean =>
  padInfo.top + padInfo.left + padInfo.bottom + padInfo.right > 0;
