import * as tf from '@tensorflow/tfjs-core';
import { registerWasmKernel, view, type Call } from './kernel.js';

/**
 * Gradient of max-pooling: dy of each window goes to its first maximum. The backend's own kernel drops it if that maximum
 * is not above zero.
 */
export function registerMaxPoolGradient(): void {
  registerWasmKernel('MaxPoolGrad', ({ backend, inputs, attrs }: Call<tf.MaxPoolGradAttrs>) => {
    const { dy, input: x } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
    const shape = x.shape as [number, number, number, number];
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
    const result = backend.makeOutput(shape, 'float32');
    const [image, gradient, spread] = [view(backend, x), view(backend, dy), view(backend, result)];
    spread.fill(0);
    for (let b = 0; b < batchSize; b++) {
      for (let i = 0; i < outHeight; i++) {
        const top = i * info.strideHeight - padInfo.top;
        const [firstRow, endRow] = [Math.max(top, 0), Math.min(top + info.filterHeight, inHeight)];
        for (let j = 0; j < outWidth; j++) {
          const left = j * info.strideWidth - padInfo.left;
          const [firstColumn, endColumn] = [Math.max(left, 0), Math.min(left + info.filterWidth, inWidth)];
          const out = ((b * outHeight + i) * outWidth + j) * inChannels;
          for (let c = 0; c < inChannels; c++) {
            let [largest, place] = [-Infinity, -1];
            for (let row = firstRow; row < endRow; row++) {
              for (let column = firstColumn; column < endColumn; column++) {
                const at = ((b * inHeight + row) * inWidth + column) * inChannels + c;
                if (image[at]! > largest || place < 0) [largest, place] = [image[at]!, at];
              }
            }
            spread[place]! += gradient[out + c]!;
          }
        }
      }
    }
    return result;
  });
}
