import { Rng, type HostTensor } from '@anc/core';
import { encodeKerasFile, type KerasModel } from '@anc/formats';
import * as tf from '@tensorflow/tfjs-core';
import {
  input as inputOf,
  layers as make,
  model as modelOf,
  type LayersModel,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';

/*
 * Networks of keras.applications, layer by layer as their source puts them together, of TensorFlow.js's own Keras
 * layers: what imports are compared with.
 */

type Tensor = SymbolicTensor;
const apply = (layer: { apply(x: Tensor | Tensor[]): unknown }, x: Tensor | Tensor[]): Tensor =>
  layer.apply(x) as Tensor;

const zeros = (name: string, padding: [[number, number], [number, number]], x: Tensor): Tensor =>
  apply(make.zeroPadding2d({ name, padding }), x);

interface Windows {
  readonly filters: number;
  readonly kernelSize?: number;
  readonly strides?: number;
  readonly padding?: 'same' | 'valid';
  readonly useBias?: boolean;
}
const conv = (name: string, { kernelSize = 1, ...options }: Windows, x: Tensor): Tensor =>
  apply(make.conv2d({ name, kernelSize, ...options }), x);

export interface MobilenetPlan {
  readonly alpha: number;
  readonly side: number;
  readonly classes: number;
  /** What Keras 2.2 and the models that TensorFlow.js hosts do before the first convolution. */
  readonly stemPad?: boolean;
}

export function mobilenetApplication({ alpha, side, classes, stemPad = false }: MobilenetPlan): LayersModel {
  const normed = (name: string, x: Tensor): Tensor =>
    apply(
      make.reLU({ name: `${name}_relu`, maxValue: 6 }),
      apply(make.batchNormalization({ name: `${name}_bn` }), x),
    );
  const image = inputOf({ shape: [side, side, 3] });
  const stem = { filters: Math.floor(32 * alpha), kernelSize: 3, strides: 2, useBias: false };
  let x = stemPad
    ? conv(
        'conv1',
        { ...stem, padding: 'valid' },
        zeros(
          'conv1_pad',
          [
            [0, 1],
            [0, 1],
          ],
          image,
        ),
      )
    : conv('conv1', { ...stem, padding: 'same' }, image);
  x = normed('conv1', x);
  const widths = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024];
  for (const [i, width] of widths.entries()) {
    const n = i + 1;
    const halves = [2, 4, 6, 12].includes(n);
    if (halves)
      x = zeros(
        `conv_pad_${n}`,
        [
          [0, 1],
          [0, 1],
        ],
        x,
      );
    const deep = {
      kernelSize: 3,
      strides: halves ? 2 : 1,
      padding: halves ? 'valid' : 'same',
      useBias: false,
    } as const;
    x = normed(`conv_dw_${n}`, apply(make.depthwiseConv2d({ name: `conv_dw_${n}`, ...deep }), x));
    const point = { filters: Math.floor(width * alpha), padding: 'same', useBias: false } as const;
    x = normed(`conv_pw_${n}`, conv(`conv_pw_${n}`, point, x));
  }
  x = apply(make.globalAveragePooling2d({ dataFormat: 'channelsLast' }), x);
  x = apply(make.reshape({ name: 'reshape_1', targetShape: [1, 1, Math.floor(1024 * alpha)] }), x);
  x = conv('conv_preds', { filters: classes, padding: 'same' }, x);
  return modelOf({
    inputs: image,
    outputs: apply(make.reshape({ targetShape: [classes] }), x),
    name: 'mobilenet',
  });
}

export interface ResnetPlan {
  readonly version: 1 | 2;
  /** Of the first stage; 64 in keras.applications. */
  readonly filters: number;
  readonly side: number;
  readonly classes: number;
}

const bn = (name: string, x: Tensor): Tensor =>
  apply(make.batchNormalization({ name: `${name}_bn`, epsilon: 1.001e-5 }), x);
const relu = (x: Tensor): Tensor => apply(make.reLU(), x);

function blockV1(name: string, filters: number, stride: number, first: boolean, x: Tensor): Tensor {
  const shortcut = first
    ? bn(`${name}_0`, conv(`${name}_0_conv`, { filters: 4 * filters, strides: stride }, x))
    : x;
  let y = relu(bn(`${name}_1`, conv(`${name}_1_conv`, { filters, strides: stride }, x)));
  y = relu(bn(`${name}_2`, conv(`${name}_2_conv`, { filters, kernelSize: 3, padding: 'same' }, y)));
  y = bn(`${name}_3`, conv(`${name}_3_conv`, { filters: 4 * filters }, y));
  return relu(apply(make.add(), [shortcut, y]));
}

function blockV2(name: string, filters: number, stride: number, first: boolean, x: Tensor): Tensor {
  const preact = relu(bn(`${name}_preact`, x));
  const shortcut = first
    ? conv(`${name}_0_conv`, { filters: 4 * filters, strides: stride }, preact)
    : stride > 1
      ? apply(make.maxPooling2d({ poolSize: 1, strides: stride }), x)
      : x;
  let y = relu(bn(`${name}_1`, conv(`${name}_1_conv`, { filters, useBias: false }, preact)));
  y = zeros(
    `${name}_2_pad`,
    [
      [1, 1],
      [1, 1],
    ],
    y,
  );
  const windows = { filters, kernelSize: 3, strides: stride, useBias: false };
  y = relu(bn(`${name}_2`, conv(`${name}_2_conv`, windows, y)));
  return apply(make.add(), [shortcut, conv(`${name}_3_conv`, { filters: 4 * filters }, y)]);
}

/** ResNet50 or ResNet50V2. */
export function resnetApplication({ version, filters, side, classes }: ResnetPlan): LayersModel {
  const image = inputOf({ shape: [side, side, 3] });
  let x = zeros(
    'conv1_pad',
    [
      [3, 3],
      [3, 3],
    ],
    image,
  );
  x = conv('conv1_conv', { filters: 64, kernelSize: 7, strides: 2 }, x);
  if (version === 1) x = relu(bn('conv1', x));
  x = zeros(
    'pool1_pad',
    [
      [1, 1],
      [1, 1],
    ],
    x,
  );
  x = apply(make.maxPooling2d({ name: 'pool1_pool', poolSize: 3, strides: 2 }), x);
  for (const [i, blocks] of [3, 4, 6, 3].entries()) {
    for (let b = 1; b <= blocks; b++) {
      const name = `conv${i + 2}_block${b}`;
      const width = filters * 2 ** i;
      x =
        version === 1
          ? blockV1(name, width, i > 0 && b === 1 ? 2 : 1, b === 1, x)
          : blockV2(name, width, i < 3 && b === blocks ? 2 : 1, b === 1, x);
    }
  }
  if (version === 2) x = relu(bn('post', x));
  x = apply(make.globalAveragePooling2d({ dataFormat: 'channelsLast' }), x);
  const outputs = apply(make.dense({ name: 'predictions', units: classes }), x);
  return modelOf({ inputs: image, outputs, name: `resnet50${version === 2 ? 'v2' : ''}` });
}

/** Gives a model's variables the numbers of one that was trained: none is what it starts with. */
export function train(model: LayersModel): void {
  const rng = Rng.fromSeed(4);
  model.setWeights(
    model.weights.map(({ name, shape }) => {
      const size = shape.reduce<number>((product, side) => product * side!, 1);
      const [fan] = [size / shape.at(name.includes('depthwise') ? -2 : -1)!];
      const draw = (): number => {
        if (name.includes('variance')) return 0.5 + rng.uniform();
        if (name.includes('gamma')) return 1 + 0.2 * rng.normal();
        return rng.normal() * (shape.length === 1 ? 0.2 : Math.sqrt(2 / fan));
      };
      return tf.tensor(Float32Array.from({ length: size }, draw), shape as number[]);
    }),
  );
}

/** A model as TensorFlow.js saves it: `model.json` and its one shard. */
export async function tfjsFiles(model: LayersModel): Promise<{ json: Uint8Array; shard: Uint8Array }> {
  let [json, shard] = [new Uint8Array(), new Uint8Array()];
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const weightsManifest = [{ paths: ['w.bin'], weights: weightSpecs }];
      json = new TextEncoder().encode(JSON.stringify({ modelTopology, weightsManifest }));
      shard = new Uint8Array(weightData as ArrayBuffer);
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    }),
  );
  return { json, shard };
}

/** The same as a `.keras` file. */
export function kerasBytes(model: LayersModel): Promise<Uint8Array> {
  const made = new Map<string, KerasModel['input']>();
  for (const layer of model.layers) {
    const inputs = layer.inboundNodes[0]!.inboundLayers.map(({ name }) => made.get(name)!);
    const variables = layer.weights.map((weight): HostTensor => {
      const value = weight.read();
      return { shape: value.shape, data: value.dataSync<'float32'>() };
    });
    const config = layer.getConfig();
    made.set(layer.name, {
      name: layer.name,
      className: layer.getClassName(),
      inputs,
      shape: (layer.outputShape as (number | null)[]).slice(1) as number[],
      variables,
      config: {
        ...(config.epsilon === undefined ? {} : { epsilon: config.epsilon }),
        ...(config.padding === undefined ? {} : { padding: config.padding }),
        ...(config.maxValue === undefined ? {} : { max_value: config.maxValue }),
      },
    });
  }
  const all = [...made.values()];
  const network: KerasModel = { name: model.name, input: all[0]!, outputs: [all.at(-1)!] };
  return encodeKerasFile(network, {});
}
