import * as tf from '@tensorflow/tfjs-core';
import { convolution, inputGradient, windowOf } from './convolution.js';
import { filterGradientInChunks } from './filter-gradient.js';
import { matrixProduct, matrixShapes } from './matrix-product.js';
import { halfPrecision } from './precision.js';
import type { Runner } from './runner.js';

type Kernel = tf.KernelFunc;
type Given = Parameters<Kernel>[0];

/** Kernels of tfjs whose place was taken: what they computed in float32 they still do. */
const originals = new Map<string, Kernel>();

const originalOf = (kernelName: string): Kernel => {
  const known = originals.get(kernelName) ?? tf.getKernel(kernelName, 'webgpu').kernelFunc;
  originals.set(kernelName, known);
  return known;
};

function replace(kernelName: string, kernelFunc: (given: Given, original: Kernel) => tf.TensorInfo): void {
  const original = originalOf(kernelName);
  tf.unregisterKernel(kernelName, 'webgpu');
  tf.registerKernel({
    kernelName,
    backendName: 'webgpu',
    kernelFunc: (given) => kernelFunc(given, original),
  });
}

/** A kernel that is computed in tiles in half precision, and else by tfjs; null: tfjs computes that one too. */
const replaceInHalfPrecision = (
  kernelName: string,
  kernelFunc: (given: Given) => tf.TensorInfo | null,
): void =>
  replace(
    kernelName,
    (given, original) =>
      (halfPrecision() === null ? null : kernelFunc(given)) ?? (original(given) as tf.TensorInfo),
  );

function run(backend: Runner, kernelName: string, input: tf.TensorInfo, attrs: object): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(kernelName, 'webgpu');
  const output = kernelFunc({ inputs: { x: input }, backend, attrs: attrs as tf.NamedAttrMap });
  backend.disposeData(input.dataId);
  return output as tf.TensorInfo;
}

const reshaped = (backend: Runner, x: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo =>
  run(backend, 'Reshape', x, { shape });

/**
 * Puts kernels in the place of tfjs's: of the gradient by a filter always, since tfjs's gives one thread per weight the whole batch
 * to sum; of the other products in half precision. What tfjs fuses with activations stays its own; the tape has none of these.
 */
export function registerProducts(): void {
  replace('Conv2DBackpropFilter', ({ inputs, backend, attrs }) => {
    const { x, dy } = inputs as unknown as Record<'x' | 'dy', tf.TensorInfo>;
    const given = attrs as unknown as tf.Conv2DBackpropFilterAttrs;
    const runner = backend as Runner;
    const partial = filterGradientInChunks(runner, x, dy, windowOf(x.shape, given.filterShape, given));
    const summed =
      partial.shape[0] === 1 ? partial : run(runner, 'Sum', partial, { axis: [0], keepDims: false });
    return reshaped(runner, summed, given.filterShape);
  });
  replaceInHalfPrecision('Conv2D', ({ inputs, backend, attrs }) => {
    const { x, filter } = inputs as unknown as Record<'x' | 'filter', tf.TensorInfo>;
    const given = attrs as unknown as tf.Conv2DAttrs;
    if (given.dataFormat !== 'NHWC') return null;
    const window = windowOf(x.shape, filter.shape, given, given.dilations);
    const { outHeight, outWidth, outChannels } = window.places;
    const shape = [window.batchSize, outHeight, outWidth, outChannels];
    return reshaped(backend as Runner, convolution(backend as Runner, x, filter, window), shape);
  });
  replaceInHalfPrecision('Conv2DBackpropInput', ({ inputs, backend, attrs }) => {
    const { dy, filter } = inputs as unknown as Record<'dy' | 'filter', tf.TensorInfo>;
    const given = attrs as unknown as tf.Conv2DBackpropInputAttrs;
    if (given.dataFormat !== 'NHWC') return null;
    const window = windowOf(given.inputShape, filter.shape, given);
    return reshaped(
      backend as Runner,
      inputGradient(backend as Runner, dy, filter, window),
      given.inputShape,
    );
  });
  replaceInHalfPrecision('BatchMatMul', ({ inputs, backend, attrs }) => {
    const { a, b } = inputs as unknown as Record<'a' | 'b', tf.TensorInfo>;
    const { transposeA, transposeB } = attrs as unknown as tf.BatchMatMulAttrs;
    const shapes = matrixShapes(a.shape, b.shape, transposeA, transposeB);
    if (shapes === null || a.dtype !== 'float32' || b.dtype !== 'float32') return null;
    const batch = (shapes.aMatrices >= shapes.bMatrices ? a : b).shape.slice(0, -2);
    const product = matrixProduct(backend as Runner, a, b, shapes);
    return reshaped(backend as Runner, product, [...batch, shapes.rows, shapes.columns]);
  });
}
