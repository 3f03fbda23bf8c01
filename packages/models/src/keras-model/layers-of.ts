import { BATCH, type Recorded } from '../graph-model/node.js';
import { constantOf, inexpressible, type Converter } from './assembly.js';
import { flagOf, floatOf } from './attributes.js';
import { activation, add, divide, leakyRelu, merge, multiply, relu, subtract } from './elementwise-layers.js';
import { convolution, padding, pooling, slice } from './window-layers.js';

const batchNormalization: Converter = (node, _shape, model) => {
  const [x, gamma, beta, mean, variance] = node.inputs as [Recorded, Recorded, Recorded, Recorded, Recorded];
  const before = model.of(x);
  return model.layer({
    className: 'BatchNormalization',
    inputs: [before],
    shape: before.shape,
    variables: [gamma, beta, mean, variance],
    config: { axis: -1, epsilon: floatOf(node, 'epsilon') },
  });
};

const dense: Converter = (node, [, ...shape], model) => {
  const [x, kernel] = node.inputs as [Recorded, Recorded];
  if (flagOf(node, 'transpose_a') || flagOf(node, 'transpose_b'))
    throw inexpressible('a product of transposed matrices');
  const inputs = [model.of(x)];
  const config = { units: shape[0], use_bias: false };
  return model.layer({ className: 'Dense', inputs, shape, variables: [kernel], config });
};

/** Global pooling: means and maxima of whole images. */
const globalPooling =
  (kind: 'Average' | 'Max'): Converter =>
  (node, shape, model) => {
    const x = model.of(node.inputs[0]!);
    const axes = [...(constantOf(node.inputs[1]!)?.values ?? [])].join();
    if (x.shape.length !== 3 || axes !== '1,2') throw inexpressible(`${node.op} over the axes ${axes}`);
    const config = { keepdims: flagOf(node, 'keep_dims') };
    return model.layer({ className: `Global${kind}Pooling2D`, inputs: [x], shape: shape.slice(1), config });
  };

/** Batch norm of vectors adds axes of size one and removes them again. */
const reshape: Converter = (node, [batch, ...shape], model) => {
  const x = model.of(node.inputs[0]!);
  if (batch !== BATCH || x.shape.join() === shape.join()) return x;
  return shape.length === 1
    ? model.layer({ className: 'Flatten', inputs: [x], shape })
    : model.layer({ className: 'Reshape', inputs: [x], shape, config: { target_shape: shape } });
};

const transpose: Converter = (node, [, ...shape], model) => {
  const [first, ...dims] = constantOf(node.inputs[1]!)?.values ?? [];
  if (first !== 0) throw inexpressible('a batch that is not the first axis');
  return model.layer({ className: 'Permute', inputs: [model.of(node.inputs[0]!)], shape, config: { dims } });
};

const concatenate: Converter = (node, [, ...shape], model) => {
  const axis = constantOf(node.inputs.at(-1)!)?.values[0] ?? 0;
  if (axis === 0) throw inexpressible('a concatenation of batches');
  const inputs = node.inputs.slice(0, -1).map((each) => model.of(each));
  return model.layer({ className: 'Concatenate', inputs, shape, config: { axis } });
};

const unchanged: Converter = (node, _shape, model) => model.of(node.inputs[0]!);

/** The converter of each operation, by TensorFlow's name. */
export const converters: Readonly<Record<string, Converter>> = {
  Cast: unchanged,
  Identity: unchanged,
  Relu: relu(),
  Relu6: relu({ max_value: 6 }),
  LeakyRelu: leakyRelu,
  Elu: activation('elu'),
  Selu: activation('selu'),
  Sigmoid: activation('sigmoid'),
  Softmax: activation('softmax'),
  Softplus: activation('softplus'),
  Tanh: activation('tanh'),
  AddV2: add,
  Sub: subtract,
  Mul: multiply,
  RealDiv: divide,
  Maximum: merge('Maximum'),
  Minimum: merge('Minimum'),
  ConcatV2: concatenate,
  Conv2D: convolution('Conv2D'),
  DepthwiseConv2dNative: convolution('DepthwiseConv2D'),
  FusedBatchNormV3: batchNormalization,
  MatMul: dense,
  MaxPool: pooling('MaxPooling2D'),
  AvgPool: pooling('AveragePooling2D'),
  Mean: globalPooling('Average'),
  Max: globalPooling('Max'),
  PadV2: padding,
  Slice: slice,
  Reshape: reshape,
  Transpose: transpose,
};
