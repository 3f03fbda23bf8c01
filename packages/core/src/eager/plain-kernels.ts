import * as tf from '@tensorflow/tfjs-core';

type Shape4 = [number, number, number, number];
type KernelFunc = tf.KernelConfig['kernelFunc'];

/** What kernels use of tfjs's backend in plain JavaScript. */
interface PlainBackend {
  readonly data: { get(dataId: tf.DataId): { readonly values: Float32Array } };
  makeTensorInfo(shape: readonly number[], dtype: 'float32', values: Float32Array): tf.TensorInfo;
}

interface Call<Attrs> {
  readonly backend: PlainBackend;
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: Attrs;
}

/**
 * ∂L/∂filter of a convolution, channels last.
 *
 * x: [B, H, W, C], dy: [B, H', W', D] -> [k, k, C, D], each a sum over b, then rows, then columns.
 */
function filterGradient({ backend, inputs, attrs }: Call<tf.Conv2DBackpropFilterAttrs>): tf.TensorInfo {
  const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
  const { strides, pad, dimRoundingMode, filterShape } = attrs;
  const info = tf.backend_util.computeConv2DInfo(
    x.shape as Shape4,
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, strideHeight, strideWidth } = info;
  const { top, left } = info.padInfo;
  const images = backend.data.get(x.dataId).values;
  const errors = backend.data.get(dy.dataId).values;
  const size = inChannels * outChannels;
  const result = new Float32Array(info.filterHeight * info.filterWidth * size);
  const sums = new Float64Array(size);
  for (let r = 0; r < info.filterHeight; r++) {
    const [rowStart, rowEnd] = range(outHeight, inHeight, top - r, strideHeight);
    for (let c = 0; c < info.filterWidth; c++) {
      const [columnStart, columnEnd] = range(outWidth, inWidth, left - c, strideWidth);
      sums.fill(0);
      for (let b = 0; b < info.batchSize; b++) {
        for (let row = rowStart; row < rowEnd; row++) {
          const imageRow = (b * inHeight + row * strideHeight + r - top) * inWidth;
          const errorRow = (b * outHeight + row) * outWidth;
          for (let column = columnStart; column < columnEnd; column++) {
            const image = (imageRow + column * strideWidth + c - left) * inChannels;
            const error = (errorRow + column) * outChannels;
            let at = 0;
            for (let i = 0; i < inChannels; i++) {
              const value = images[image + i]!;
              for (let o = 0; o < outChannels; o++) sums[at++]! += value * errors[error + o]!;
            }
          }
        }
      }
      result.set(sums, (r * info.filterWidth + c) * size);
    }
  }
  return backend.makeTensorInfo(info.filterShape, 'float32', result);
}

/** The outputs, from and to, whose window has a pixel of the image at an offset: it is `stride · output - start`. */
const range = (
  outputs: number,
  pixels: number,
  start: number,
  stride: number,
): [from: number, to: number] => [
  Math.max(0, Math.ceil(start / stride)),
  Math.min(outputs, Math.ceil((pixels + start) / stride)),
];

/**
 * ∂L/∂x of max pooling: each output's gradient goes to the first largest pixel of its window; to none where no pixel is larger than
 * -∞, which NaN is not.
 *
 * x: [B, H, W, C], dy: [B, H', W', C] -> [B, H, W, C].
 */
function maxPoolGradient({ backend, inputs, attrs }: Call<tf.MaxPoolGradAttrs>): tf.TensorInfo {
  const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const info = tf.backend_util.computePool2DInfo(
    input.shape as Shape4,
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const { inHeight, inWidth, inChannels, outHeight, outWidth } = info;
  const { top, left } = info.padInfo;
  const images = backend.data.get(input.dataId).values;
  const errors = backend.data.get(dy.dataId).values;
  const sums = new Float64Array(images.length);
  let error = 0;
  for (let b = 0; b < info.batchSize; b++) {
    for (let row = 0; row < outHeight; row++) {
      const firstRow = row * info.strideHeight - top;
      const [rowStart, rowEnd] = [
        Math.max(0, firstRow),
        Math.min(inHeight, firstRow + info.effectiveFilterHeight),
      ];
      for (let column = 0; column < outWidth; column++) {
        const first = column * info.strideWidth - left;
        const [start, end] = [Math.max(0, first), Math.min(inWidth, first + info.effectiveFilterWidth)];
        for (let channel = 0; channel < inChannels; channel++) {
          let [largest, place] = [-Infinity, -1];
          for (let r = rowStart; r < rowEnd; r++) {
            for (let c = start; c < end; c++) {
              const at = ((b * inHeight + r) * inWidth + c) * inChannels + channel;
              const value = images[at]!;
              if (value > largest) [largest, place] = [value, at];
            }
          }
          if (place >= 0) sums[place]! += errors[error]!;
          error++;
        }
      }
    }
  }
  return backend.makeTensorInfo(input.shape, 'float32', Float32Array.from(sums));
}

/** A kernel for what tfjs's own computes in the same way; null where it is left to that one. */
type Replacement = (call: Call<never>) => tf.TensorInfo | null;

const REPLACEMENTS: Readonly<Record<string, Replacement>> = {
  Conv2DBackpropFilter: (call: Call<tf.Conv2DBackpropFilterAttrs>) =>
    call.attrs.dataFormat === 'NCHW' ? null : filterGradient(call),
  MaxPoolGrad: maxPoolGradient,
};

/** tfjs's own kernels, by those that replace them. */
export const stockKernels = new WeakMap<KernelFunc, KernelFunc>();

/**
 * Replaces the kernels of tfjs's backend in plain JavaScript that read every element through a function with a list of arguments.
 * They add the same numbers in the same order: results are equal in every bit. Does nothing where that backend is not loaded.
 */
export function replacePlainKernels(): void {
  for (const [kernelName, compute] of Object.entries(REPLACEMENTS)) {
    const stock = tf.getKernel(kernelName, 'cpu') as tf.KernelConfig | undefined;
    if (stock === undefined || stockKernels.has(stock.kernelFunc)) continue;
    const kernelFunc: KernelFunc = (call) =>
      compute(call as unknown as Call<never>) ?? stock.kernelFunc(call);
    stockKernels.set(kernelFunc, stock.kernelFunc);
    tf.unregisterKernel(kernelName, 'cpu');
    tf.registerKernel({ ...stock, kernelFunc });
  }
}
