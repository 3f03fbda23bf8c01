import * as tf from '@tensorflow/tfjs-core';

type Shape4D = [number, number, number, number];
type Sides = tf.backend_util.PadInfo;

/** Attributes common to the kernels with windows. */
interface WindowAttrs {
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dilations?: [number, number] | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly filterSize?: [number, number] | number;
  readonly filterShape?: Shape4D;
  readonly inputShape?: Shape4D;
}

/** One call of a kernel, which can run other kernels. */
interface Call {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: WindowAttrs;
  /** Runs a kernel. Its result is freed when the call ends, unless the call returns it. */
  run(kernelName: string, inputs: tf.NamedTensorInfoMap, attrs: object): tf.TensorInfo;
}

const BACKEND = 'tensorflow';

const pads = ({ top, bottom, left, right }: Sides): [number, number][] => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];

const padded = (call: Call, x: tf.TensorInfo, sides: Sides, constantValue = 0): tf.TensorInfo =>
  call.run('PadV2', { x }, { paddings: pads(sides), constantValue });

/** Removes the padding again. */
const cropped = (call: Call, x: tf.TensorInfo, sides: Sides, shape: readonly number[]): tf.TensorInfo =>
  call.run('Slice', { x }, { begin: [0, sides.top, sides.left, 0], size: shape });

const padShape = ([b, h, w, c]: Shape4D, { top, bottom, left, right }: Sides): Shape4D => [
  b,
  h + top + bottom,
  w + left + right,
  c,
];

const LOWEST = -3.4e38;

/** How each kernel computes explicit padding: pad first, then run the kernel without padding. */
const kernels: Readonly<
  Record<
    string,
    { shapes(call: Call): [Shape4D, Shape4D | null]; compute(call: Call, sides: Sides): tf.TensorInfo }
  >
> = {
  ...Object.fromEntries(
    ['Conv2D', 'DepthwiseConv2dNative'].map((name) => [
      name,
      {
        shapes: ({ inputs }: Call) => [inputs.x!.shape, inputs.filter!.shape] as [Shape4D, Shape4D],
        compute: (call: Call, sides: Sides) =>
          call.run(
            name,
            { x: padded(call, call.inputs.x!, sides), filter: call.inputs.filter! },
            { ...call.attrs, pad: 'valid' },
          ),
      },
    ]),
  ),
  ...Object.fromEntries(
    ['Conv2DBackpropFilter', 'DepthwiseConv2dNativeBackpropFilter'].map((name) => [
      name,
      {
        shapes: ({ inputs, attrs }: Call) => [inputs.x!.shape, attrs.filterShape!] as [Shape4D, Shape4D],
        compute: (call: Call, sides: Sides) =>
          call.run(
            name,
            { x: padded(call, call.inputs.x!, sides), dy: call.inputs.dy! },
            { ...call.attrs, pad: 'valid' },
          ),
      },
    ]),
  ),
  ...Object.fromEntries(
    ['Conv2DBackpropInput', 'DepthwiseConv2dNativeBackpropInput'].map((name) => [
      name,
      {
        shapes: ({ inputs, attrs }: Call) => [attrs.inputShape!, inputs.filter!.shape] as [Shape4D, Shape4D],
        compute(call: Call, sides: Sides) {
          const shape = call.attrs.inputShape!;
          const attrs = { ...call.attrs, pad: 'valid', inputShape: padShape(shape, sides) };
          const { dy, filter } = call.inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
          return cropped(call, call.run(name, { dy, filter }, attrs), sides, shape);
        },
      },
    ]),
  ),
  MaxPool: {
    shapes: ({ inputs }) => [inputs.x!.shape as Shape4D, null],
    compute: (call, sides) =>
      call.run(
        'MaxPool',
        { x: padded(call, call.inputs.x!, sides, LOWEST) },
        { ...call.attrs, pad: 'valid' },
      ),
  },
  MaxPoolGrad: {
    shapes: ({ inputs }) => [inputs.input!.shape as Shape4D, null],
    compute(call, sides) {
      const { dy, input, output } = call.inputs as Record<'dy' | 'input' | 'output', tf.TensorInfo>;
      const attrs = { ...call.attrs, pad: 'valid' };
      const whole = call.run('MaxPoolGrad', { dy, input: padded(call, input, sides, LOWEST), output }, attrs);
      return cropped(call, whole, sides, input.shape);
    },
  },
  AvgPool: {
    shapes: ({ inputs }) => [inputs.x!.shape as Shape4D, null],
    compute(call, sides) {
      // A mean without the padding: the mean of the padded image divided by that of a padded image of ones.
      const x = call.inputs.x!;
      const attrs = { ...call.attrs, pad: 'valid' };
      const [, height, width] = x.shape as Shape4D;
      const ones = call.run('Fill', {}, { shape: [1, height, width, 1], value: 1, dtype: 'float32' });
      const covered = call.run('AvgPool', { x: padded(call, ones, sides) }, attrs);
      const mean = call.run('AvgPool', { x: padded(call, x, sides) }, attrs);
      return call.run('RealDiv', { a: mean, b: covered }, {});
    },
  },
};

/** Adds explicit padding, which PyTorch's networks use, to a backend that knows only "same" and "valid". */
export function registerExplicitPadding(): void {
  for (const [kernelName, { shapes, compute }] of Object.entries(kernels)) {
    const stock = tf.getKernel(kernelName, BACKEND).kernelFunc;
    tf.unregisterKernel(kernelName, BACKEND);
    tf.registerKernel({
      kernelName,
      backendName: BACKEND,
      kernelFunc({ inputs, backend, attrs }) {
        const own = attrs as unknown as WindowAttrs;
        if (typeof own.pad === 'string') return stock({ inputs, backend, attrs });
        const temporary: tf.TensorInfo[] = [];
        const call: Call = {
          inputs: inputs as unknown as Call['inputs'],
          attrs: own,
          run(name, operands, options) {
            const kernel = name === kernelName ? stock : tf.getKernel(name, BACKEND).kernelFunc;
            const result = kernel({ inputs: operands, backend, attrs: options as tf.NamedAttrMap });
            temporary.push(result as tf.TensorInfo);
            return result as tf.TensorInfo;
          },
        };
        const [image, filter] = shapes(call);
        const { strides, pad, dimRoundingMode, dilations = 1 } = own;
        const info =
          filter === null
            ? tf.backend_util.computePool2DInfo(image, own.filterSize!, strides, 1, pad, dimRoundingMode)
            : tf.backend_util.computeConv2DInfo(image, filter, strides, dilations, pad, dimRoundingMode);
        const result = compute(call, info.padInfo);
        const free = backend as Pick<tf.KernelBackend, 'disposeData'>;
        for (const { dataId } of temporary) if (dataId !== result.dataId) free.disposeData(dataId);
        return result;
      },
    });
  }
}
