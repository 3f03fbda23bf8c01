import * as tf from '@tensorflow/tfjs-core';
import './gradients.js'; // registered first: the gradient of padded average pooling is a depthwise convolution
import type { NamedAttrMap, Tensor, Tensor4D } from '@tensorflow/tfjs-core';

/**
 * Derivatives of the gradients of pooling and depthwise convolution, which tfjs lacks. Each of these gradients is linear
 * in dy, so that its derivative with respect to dy is the operation forwards, applied to the incoming gradient.
 */
type Attrs = Readonly<Record<string, unknown>>;

const run = (kernel: string, inputs: Readonly<Record<string, Tensor>>, attrs: Attrs): Tensor =>
  tf.engine().runKernel(kernel, { ...inputs }, attrs as NamedAttrMap);

const depthwise = (x: Tensor, filter: Tensor, { strides, pad, dilations, dimRoundingMode }: Attrs): Tensor =>
  run(
    'DepthwiseConv2dNative',
    { x, filter },
    { strides, pad, dilations, dimRoundingMode, dataFormat: 'NHWC' },
  );

tf.registerGradient({
  kernelName: 'DepthwiseConv2dNativeBackpropInput',
  inputsToSave: ['dy', 'filter'],
  gradFunc: (incoming, saved, attrs) => {
    const [dy, filter] = saved as [Tensor, Tensor];
    const x = incoming as Tensor;
    return {
      dy: () => depthwise(x, filter, attrs),
      filter: () =>
        run('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { ...attrs, filterShape: filter.shape }),
    };
  },
});

tf.registerGradient({
  kernelName: 'DepthwiseConv2dNativeBackpropFilter',
  inputsToSave: ['x', 'dy'],
  gradFunc: (incoming, saved, attrs) => {
    const [x, dy] = saved as [Tensor, Tensor];
    const filter = incoming as Tensor;
    return {
      x: () => run('DepthwiseConv2dNativeBackpropInput', { dy, filter }, { ...attrs, inputShape: x.shape }),
      dy: () => depthwise(x, filter, attrs),
    };
  },
});

tf.registerGradient({
  kernelName: 'AvgPoolGrad',
  inputsToSave: ['dy', 'input'],
  gradFunc: (incoming, saved, attrs) => ({
    dy: () => run('AvgPool', { x: incoming as Tensor }, attrs),
    input: () => tf.zerosLike(saved[1]!),
  }),
});

/**
 * The numbers of `from` at the maxima that pooling takes from x: the first one of each window, where several are equal.
 * x, from: [B, H, W, C] -> [B, h, w, C], like `pooled`.
 */
function atMaxima(x: Tensor4D, pooled: Tensor, from: Tensor4D, attrs: tf.MaxPoolAttrs): Tensor {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const info = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { outHeight, outWidth, strideHeight, strideWidth, filterHeight, filterWidth } = info;
  const [rows, columns] = [(outHeight - 1) * strideHeight + 1, (outWidth - 1) * strideWidth + 1];
  const { top, left } = info.padInfo;
  const below = Math.max(0, rows + filterHeight - 1 - top - info.inHeight);
  const right = Math.max(0, columns + filterWidth - 1 - left - info.inWidth);
  const padding: [number, number][] = [
    [0, 0],
    [top, below],
    [left, right],
    [0, 0],
  ];
  const [values, gradients] = [tf.pad(x, padding, -1e30), tf.pad(from, padding)];
  let taken = tf.zeros(pooled.shape);
  let found = tf.zeros(pooled.shape);
  for (let i = 0; i < filterHeight; i++) {
    for (let j = 0; j < filterWidth; j++) {
      const window = (all: Tensor): Tensor =>
        tf.stridedSlice(
          all,
          [0, i, j, 0],
          [x.shape[0], i + rows, j + columns, x.shape[3]],
          [1, strideHeight, strideWidth, 1],
        );
      const equal = tf.cast(tf.equal(window(values), pooled), 'float32');
      const hit = tf.mul(equal, tf.sub(1, taken));
      taken = tf.add(taken, hit);
      found = tf.add(found, tf.mul(hit, window(gradients)));
    }
  }
  return found;
}

tf.registerGradient({
  kernelName: 'MaxPoolGrad',
  inputsToSave: ['dy', 'input', 'output'],
  gradFunc: (incoming, saved, attrs) => {
    const [, input, output] = saved as [Tensor, Tensor4D, Tensor];
    return {
      dy: () => atMaxima(input, output, incoming as Tensor4D, attrs as unknown as tf.MaxPoolAttrs),
      // where the maxima are does not change
      input: () => tf.zerosLike(input),
      output: () => tf.zerosLike(output),
    };
  },
});

/** Conditions are constant: no gradient flows through them. */
for (const [kernelName, inputs] of [
  ['LogicalAnd', ['a', 'b']],
  ['LogicalOr', ['a', 'b']],
  ['LogicalNot', ['x']],
] as const) {
  tf.registerGradient({
    kernelName,
    inputsToSave: [...inputs],
    gradFunc: (_dy, saved) =>
      Object.fromEntries(inputs.map((name, i) => [name, () => tf.zeros(saved[i]!.shape)])),
  });
}
