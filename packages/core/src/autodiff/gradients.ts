import * as tf from '@tensorflow/tfjs-core';
import './stock-gradients/index.js'; // registered first: those below replace some
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';

type Attrs = Record<string, unknown>;

/** Sums the gradient of a broadcast tensor back to the tensor's shape. */
function unbroadcast(dy: Tensor, shape: readonly number[]): Tensor {
  const axes = tf.broadcast_util.getReductionAxes([...shape], dy.shape);
  const summed = axes.length === 0 ? dy : tf.sum(dy, axes);
  return tf.reshape(summed, [...shape]);
}

/**
 * Registers the gradient of an elementwise kernel of two inputs, with broadcasting, which tfjs's own gradients lack.
 */
function registerBinary(
  kernelName: string,
  slopes: (a: Tensor, b: Tensor, dy: Tensor) => [Tensor, Tensor],
): void {
  tf.registerGradient({
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved) => {
      const [a, b] = saved as [Tensor, Tensor];
      return {
        a: () => unbroadcast(slopes(a, b, dy as Tensor)[0], a.shape),
        b: () => unbroadcast(slopes(a, b, dy as Tensor)[1], b.shape),
      };
    },
  });
}

const where = (condition: Tensor, dy: Tensor): Tensor => tf.mul(dy, tf.cast(condition, 'float32'));

registerBinary('Maximum', (a, b, dy) => [where(tf.greaterEqual(a, b), dy), where(tf.less(a, b), dy)]);
registerBinary('Minimum', (a, b, dy) => [where(tf.lessEqual(a, b), dy), where(tf.greater(a, b), dy)]);
registerBinary('SquaredDifference', (a, b, dy) => {
  const slope = tf.mul(dy, tf.mul(2, tf.sub(a, b)));
  return [slope, tf.neg(slope)];
});

/** The gradient of a comparison is zero, so none flows through a mask. */
for (const kernelName of ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual']) {
  tf.registerGradient({
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (_dy, saved) => {
      const [a, b] = saved as [Tensor, Tensor];
      return { a: () => tf.zeros(a.shape), b: () => tf.zeros(b.shape) };
    },
  });
}

/**
 * Average pooling excludes padding from the mean, but the gradient of some tfjs backends divides by the size of the
 * whole window. With padding, each window's gradient is divided here by the number of pixels that the window covers,
 * and distributed by a depthwise convolution with ones.
 */
tf.registerGradient({
  kernelName: 'AvgPool',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const x = saved[0] as Tensor4D;
    const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.AvgPoolAttrs;
    const info = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad, dimRoundingMode);
    const { top, bottom, left, right } = info.padInfo;
    if (top + bottom + left + right === 0) {
      const inputs = { dy: dy as Tensor, input: x };
      const passed = { filterSize, strides, pad, dimRoundingMode } as Attrs as tf.NamedAttrMap;
      return { x: () => tf.engine().runKernel('AvgPoolGrad', inputs, passed) };
    }
    const covered = (size: number, out: number, window: number, stride: number, before: number): number[] =>
      Array.from({ length: out }, (_, i) => {
        const start = i * stride - before;
        return Math.min(start + window, size) - Math.max(start, 0);
      });
    const rows = covered(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, top);
    const columns = covered(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, left);
    const counts = tf.tensor4d(
      rows.flatMap((row) => columns.map((column) => row * column)),
      [1, info.outHeight, info.outWidth, 1],
    );
    const ones: [number, number, number, number] = [info.filterHeight, info.filterWidth, info.inChannels, 1];
    return {
      x: () =>
        tf
          .engine()
          .runKernel(
            'DepthwiseConv2dNativeBackpropInput',
            { dy: tf.div(dy as Tensor, counts), filter: tf.ones(ones) },
            { strides, pad, dilations: 1, dimRoundingMode, inputShape: x.shape } as Attrs as tf.NamedAttrMap,
          ),
    };
  },
});
