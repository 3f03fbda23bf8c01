import * as tf from '@tensorflow/tfjs-core';
import { registerWasmKernel, runWasmKernel } from './kernel.js';

/**
 * ∂L/∂filter of a convolution, as a convolution: batch and channels of x are exchanged, dy becomes the filter, the stride
 * its dilation. So it runs in the same fast kernel as the forward pass.
 *
 * x: [B, H, W, C] -> [C, H, W, B]; dy: [B, H', W', D] -> [H', W', B, D]; their convolution [C, k, k, D].
 */
export function registerConv2dFilterGradient(): void {
  registerWasmKernel<tf.Conv2DBackpropFilterAttrs>('Conv2DBackpropFilter', ({ backend, inputs, attrs }) => {
    const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
    const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs;
    const info = tf.backend_util.computeConv2DInfo(
      x.shape as [number, number, number, number],
      filterShape,
      strides,
      1,
      pad,
      dimRoundingMode,
      false,
      tf.backend_util.convertConv2DDataFormat(dataFormat),
    );
    /** Padding at the end of an axis, so that every offset of the filter is an output. */
    const end = (size: number, out: number, stride: number, filter: number, start: number): number =>
      Math.max(0, filter + (out - 1) * stride - size - start);
    const { top, left } = info.padInfo;
    const bottom = end(info.inHeight, info.outHeight, info.strideHeight, info.filterHeight, top);
    const right = end(info.inWidth, info.outWidth, info.strideWidth, info.filterWidth, left);

    const images = runWasmKernel('Transpose', backend, { x }, { perm: [3, 1, 2, 0] });
    const filter = runWasmKernel('Transpose', backend, { x: dy }, { perm: [1, 2, 0, 3] });
    const offsets = runWasmKernel(
      'Conv2D',
      backend,
      { x: images, filter },
      {
        strides: 1,
        pad: [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ],
        dataFormat: 'NHWC',
        dilations: [info.strideHeight, info.strideWidth],
      },
    );
    const own = [info.inChannels, info.filterHeight, info.filterWidth, info.outChannels];
    const cut =
      offsets.shape.join() === own.join()
        ? offsets
        : runWasmKernel('Slice', backend, { x: offsets }, { begin: [0, 0, 0, 0], size: own });
    const result = runWasmKernel('Transpose', backend, { x: cut }, { perm: [1, 2, 0, 3] });
    for (const tensor of new Set([images, filter, offsets, cut])) backend.disposeData(tensor.dataId);
    return result;
  });
}
