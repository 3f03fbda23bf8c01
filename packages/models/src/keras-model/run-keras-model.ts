import { AncError, type HostTensor } from '@anc/core';
import type { KerasFile } from '@anc/formats';
import * as tf from '@tensorflow/tfjs-core';

interface StoredLayer {
  readonly name: string;
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: readonly { readonly args: readonly unknown[] }[];
}

interface StoredModel {
  readonly config: { readonly layers: readonly StoredLayer[]; readonly output_layers: readonly unknown[] };
}

/** A call of a layer: its arguments, variables and inputs. */
interface Call {
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly tf.Tensor[];
  /** Throws `ANC_WEIGHTS` if the file has no such variable. */
  readonly variable: (name: string) => tf.Tensor;
}

type Run = (call: Call) => tf.Tensor;

const image = ({ inputs: [x] }: Call): tf.Tensor4D => x as tf.Tensor4D;
const pair = (value: unknown): [number, number] => value as [number, number];
const padding = ({ config }: Call): 'same' | 'valid' => config.padding as 'same' | 'valid';

const withBias = (call: Call, x: tf.Tensor): tf.Tensor =>
  call.config.use_bias === true ? tf.add(x, call.variable('bias')) : x;

const merged =
  (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Run =>
  ({ inputs: [a, b] }) =>
    f(a!, b!);

const pooled =
  (pool: typeof tf.maxPool): Run =>
  (call) =>
    pool(image(call), pair(call.config.pool_size), pair(call.config.strides), padding(call));

const overImage =
  (reduce: typeof tf.mean): Run =>
  (call) =>
    reduce(image(call), [1, 2], call.config.keepdims === true);

const ACTIVATIONS: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  elu: tf.elu,
  selu: tf.selu,
  sigmoid: tf.sigmoid,
  softmax: (x) => tf.softmax(x),
  softplus: tf.softplus,
  tanh: tf.tanh,
};

/** Inference of the layers that `exportKerasModel` writes, with the arguments that it sets. */
const LAYERS: Readonly<Record<string, Run>> = {
  Conv2D: (call) => {
    const { strides, dilation_rate: dilation } = call.config;
    const kernel = call.variable('kernel') as tf.Tensor4D;
    const output = tf.conv2d(image(call), kernel, pair(strides), padding(call), 'NHWC', pair(dilation));
    return withBias(call, output);
  },
  DepthwiseConv2D: (call) => {
    const { strides, dilation_rate: dilation } = call.config;
    const kernel = call.variable('kernel') as tf.Tensor4D;
    return withBias(
      call,
      tf.depthwiseConv2d(image(call), kernel, pair(strides), padding(call), 'NHWC', pair(dilation)),
    );
  },
  Dense: (call) => withBias(call, tf.matMul(call.inputs[0]!, call.variable('kernel'))),
  BatchNormalization: ({ inputs: [x], variable, config }) =>
    tf.batchNorm(
      x!,
      variable('moving_mean'),
      variable('moving_variance'),
      variable('beta'),
      variable('gamma'),
      config.epsilon as number,
    ),
  ReLU: ({ inputs: [x], config }) => (config.max_value === undefined ? tf.relu(x!) : tf.relu6(x!)),
  LeakyReLU: ({ inputs: [x], config }) => tf.leakyRelu(x!, config.negative_slope as number),
  Activation: ({ inputs: [x], config }) => ACTIVATIONS[config.activation as string]!(x!),
  Rescaling: ({ inputs: [x], config }) =>
    tf.add(tf.mul(x!, config.scale as tf.TensorLike), config.offset as tf.TensorLike),
  ZeroPadding2D: (call) =>
    tf.pad(image(call), [[0, 0], ...(call.config.padding as [number, number][]), [0, 0]]),
  Cropping2D: (call) => {
    const [[top, bottom], [left, right]] = call.config.cropping as [[number, number], [number, number]];
    const [batch, height, width, channels] = image(call).shape;
    return tf.slice(
      image(call),
      [0, top, left, 0],
      [batch, height - top - bottom, width - left - right, channels],
    );
  },
  MaxPooling2D: pooled(tf.maxPool),
  AveragePooling2D: pooled(tf.avgPool),
  GlobalAveragePooling2D: overImage(tf.mean),
  GlobalMaxPooling2D: overImage(tf.max),
  Permute: ({ inputs: [x], config }) => tf.transpose(x!, [0, ...(config.dims as number[])]),
  Reshape: ({ inputs: [x], config }) => tf.reshape(x!, [x!.shape[0], ...(config.target_shape as number[])]),
  Flatten: ({ inputs: [x] }) => tf.reshape(x!, [x!.shape[0], x!.size / x!.shape[0]]),
  Add: merged(tf.add),
  Subtract: merged(tf.sub),
  Multiply: merged(tf.mul),
  Maximum: merged(tf.maximum),
  Minimum: merged(tf.minimum),
  Concatenate: ({ inputs, config }) => tf.concat([...inputs], config.axis as number),
};

/**
 * The outputs of an exported `.keras` file for `images` [batch, H, W, C], in their order. Layers come from the file's
 * configuration, their variables from its weights.
 * @throws `ANC_WEIGHTS` if the file has a layer that `exportKerasModel` does not write
 */
export function runKerasModel({ topology, tensors }: KerasFile, images: tf.Tensor): tf.Tensor[] {
  const { layers, output_layers: places } = (topology as StoredModel).config;
  const made = new Map<string, tf.Tensor>();
  for (const { name, class_name: className, config, inbound_nodes: nodes } of layers) {
    const run = LAYERS[className];
    if (run === undefined && className !== 'InputLayer') throw unknownLayer(className);
    const inputs = nodes.flatMap(({ args }) => namesIn(args)).map((from) => made.get(from)!);
    const variable = (leaf: string): tf.Tensor => tensorOf(tensors[`${name}/${leaf}`], `${name}/${leaf}`);
    made.set(name, run === undefined ? images : run({ config, inputs, variable }));
  }
  const outputs = typeof places[0] === 'string' ? [places] : (places as unknown[][]);
  return outputs.map(([name]) => made.get(name as string)!);
}

/** Names of the layers whose outputs a call takes, in their order. */
function namesIn(args: unknown): string[] {
  if (Array.isArray(args)) return args.flatMap(namesIn);
  const { config } = args as { config?: { keras_history?: [string] } };
  return config?.keras_history === undefined ? [] : [config.keras_history[0]];
}

function tensorOf(stored: HostTensor | undefined, name: string): tf.Tensor {
  if (stored !== undefined) return tf.tensor(stored.data, [...stored.shape], 'float32');
  throw new AncError('ANC_WEIGHTS', `the file has no variable ${name}.`);
}

const unknownLayer = (name: string): AncError =>
  new AncError('ANC_WEIGHTS', `layers of class ${name} are not supported.`, {
    expected: `one of ${Object.keys(LAYERS).join(', ')}`,
    received: name,
  });
