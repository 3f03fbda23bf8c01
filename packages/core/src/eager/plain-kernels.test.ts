import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { replacePlainKernels, stockKernels } from './plain-kernels.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
  replacePlainKernels();
});

/** The bits of what tfjs's own kernel gives, and of what the one gives that replaces it. */
function bitsOfBoth(
  name: string,
  inputs: tf.NamedTensorMap,
  attrs: object,
): readonly [Uint32Array, Uint32Array] {
  const { kernelFunc } = tf.getKernel(name, 'cpu');
  const bits = (compute: typeof kernelFunc): Uint32Array => {
    const given = {
      inputs: inputs as tf.NamedTensorInfoMap,
      backend: tf.backend(),
      attrs: attrs as tf.NamedAttrMap,
    };
    const made = tf.engine().makeTensorFromTensorInfo(compute(given) as tf.TensorInfo);
    const values = made.dataSync();
    made.dispose();
    return new Uint32Array(Float32Array.from(values).buffer);
  };
  const both = [bits(stockKernels.get(kernelFunc)!), bits(kernelFunc)] as const;
  tf.dispose(inputs);
  return both;
}

const size = fc.integer({ min: 1, max: 7 });
const few = fc.integer({ min: 1, max: 3 });
const value = fc.oneof(
  { weight: 8, arbitrary: fc.float({ noNaN: true, min: -100, max: 100 }) },
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity),
);
const valuesOf = (shape: readonly number[]): fc.Arbitrary<tf.Tensor4D> => {
  const length = shape.reduce((a, b) => a * b, 1);
  return fc
    .array(value, { minLength: length, maxLength: length })
    .map((values) => tf.tensor4d(values, shape as [number, number, number, number]));
};

/** Windows of a filter or of pooling that fit in an image with its padding. */
const windows = fc
  .record({
    image: fc.tuple(few, size, size, few),
    window: fc.tuple(few, few),
    strides: fc.tuple(few, few),
    pad: fc.constantFrom<'same' | 'valid' | number>('same', 'valid', 1),
  })
  .filter(({ image, window, pad }) =>
    [0, 1].every((axis) => pad !== 'valid' || window[axis]! <= image[axis + 1]!),
  );

describe('kernels in plain JavaScript give every bit of those that they replace', () => {
  it('the gradient of a filter', () => {
    const cases = windows.chain(({ image, window, strides, pad }) =>
      few.chain((outputs) => {
        const filterShape = [...window, image[3], outputs] as [number, number, number, number];
        const { outShape } = tf.backend_util.computeConv2DInfo(image, filterShape, strides, 1, pad);
        return fc.record({
          x: valuesOf(image),
          dy: valuesOf(outShape),
          attrs: fc.constant({ strides, pad, dataFormat: 'NHWC', filterShape }),
        });
      }),
    );
    fc.assert(
      fc.property(cases, ({ x, dy, attrs }) => {
        const [expected, received] = bitsOfBoth('Conv2DBackpropFilter', { x, dy }, attrs);
        expect(received).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('the gradient of a filter where channels come first, which is left to tfjs', () => {
    const [x, dy] = [tf.ones([1, 2, 3, 3]), tf.ones([1, 1, 2, 2])];
    const attrs = { strides: 1, pad: 'valid', dataFormat: 'NCHW', filterShape: [2, 2, 2, 1] };
    const [expected, received] = bitsOfBoth('Conv2DBackpropFilter', { x, dy }, attrs);
    expect(received).toEqual(expected);
    expect(received).toHaveLength(8);
  });

  it('the gradient of max pooling', () => {
    const cases = windows.chain(({ image, window, strides, pad }) => {
      const { outShape } = tf.backend_util.computePool2DInfo(image, window, strides, 1, pad);
      return fc.record({
        input: valuesOf(image),
        output: valuesOf(outShape),
        dy: valuesOf(outShape),
        attrs: fc.constant({ filterSize: window, strides, pad }),
      });
    });
    fc.assert(
      fc.property(cases, ({ input, output, dy, attrs }) => {
        const [expected, received] = bitsOfBoth('MaxPoolGrad', { dy, input, output }, attrs);
        expect(received).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });
});
