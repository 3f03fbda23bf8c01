import * as tf from '@tensorflow/tfjs-core';
import { registerWasmKernel, view, type Call } from './kernel.js';

type FilterAttrs = tf.DepthwiseConv2dNativeBackpropFilterAttrs;
type InputAttrs = tf.DepthwiseConv2dNativeBackpropInputAttrs;
type Info = tf.backend_util.Conv2DInfo;

/**
 * Calls `visit` for every pair of an output pixel and a filter offset that lies inside the image, with the index of
 * their first channel in dy, in x and in the filter.
 */
function walk(info: Info, visit: (out: number, image: number, filter: number) => void): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  for (let b = 0; b < batchSize; b++) {
    for (let i = 0; i < outHeight; i++) {
      for (let h = 0; h < filterHeight; h++) {
        const row = i * strideHeight - info.padInfo.top + h * dilationHeight;
        if (row < 0 || row >= inHeight) continue;
        for (let j = 0; j < outWidth; j++) {
          const out = ((b * outHeight + i) * outWidth + j) * outChannels;
          for (let w = 0; w < filterWidth; w++) {
            const column = j * strideWidth - info.padInfo.left + w * dilationWidth;
            if (column < 0 || column >= inWidth) continue;
            const image = ((b * inHeight + row) * inWidth + column) * inChannels;
            visit(out, image, (h * filterWidth + w) * outChannels);
          }
        }
      }
    }
  }
}

function infoOf(attrs: FilterAttrs | InputAttrs, x: readonly number[], filter: readonly number[]): Info {
  return tf.backend_util.computeConv2DInfo(
    x as [number, number, number, number],
    filter as [number, number, number, number],
    attrs.strides,
    attrs.dilations,
    attrs.pad,
    attrs.dimRoundingMode,
    true,
  );
}

/** Both gradients of a depthwise convolution. x: [B, H, W, C]; filter: [k, k, C, M]; dy: [B, H', W', C · M]. */
export function registerDepthwiseGradients(): void {
  registerWasmKernel('DepthwiseConv2dNativeBackpropFilter', (call: Call<FilterAttrs>) => {
    const { backend, inputs, attrs } = call;
    const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
    const info = infoOf(attrs, x.shape, attrs.filterShape);
    const result = backend.makeOutput(attrs.filterShape, 'float32');
    const [image, gradient, filter] = [view(backend, x), view(backend, dy), view(backend, result)];
    const sums = new Float64Array(filter.length); // double precision: each weight sums a whole batch of pixels
    const multiplier = info.outChannels / info.inChannels;
    walk(info, (out, at, offset) => {
      for (let c = 0; c < info.inChannels; c++) {
        const value = image[at + c]!;
        for (let m = 0; m < multiplier; m++) {
          sums[offset + c * multiplier + m]! += value * gradient[out + c * multiplier + m]!;
        }
      }
    });
    filter.set(sums);
    return result;
  });

  registerWasmKernel('DepthwiseConv2dNativeBackpropInput', (call: Call<InputAttrs>) => {
    const { backend, inputs, attrs } = call;
    const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
    const info = infoOf(attrs, attrs.inputShape, filter.shape);
    const result = backend.makeOutput(attrs.inputShape, 'float32');
    const [kernel, gradient, image] = [view(backend, filter), view(backend, dy), view(backend, result)];
    image.fill(0);
    const multiplier = info.outChannels / info.inChannels;
    walk(info, (out, at, offset) => {
      for (let c = 0; c < info.inChannels; c++) {
        let sum = 0;
        for (let m = 0; m < multiplier; m++) {
          sum += kernel[offset + c * multiplier + m]! * gradient[out + c * multiplier + m]!;
        }
        image[at + c]! += sum;
      }
    });
    return result;
  });
}
