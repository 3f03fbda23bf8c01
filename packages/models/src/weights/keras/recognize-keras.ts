import { AncError, type ModelEnvironment } from '@anc/core';
import type { StateDict } from '@anc/formats';
import { applicationIn, type Application } from './application-names.js';
import { preprocessingOf } from './preprocessing.js';
import { configuredLayers, networkNames, type ConfiguredLayer } from './topology.js';

/** Our model for a file of another program. */
export interface RecognizedKeras {
  /** Name of the model. */
  readonly model: string;
  /** Its options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Images and classes of the file's network. */
  readonly environment: ModelEnvironment;
}

/** Side of ImageNet's images: a file of weights does not contain the size. */
const SIDE = 224;

/** How to use a network that is not recognized. */
const AS_TEACHER =
  'any network can be the teacher without an import: export it as ONNX (in Keras 3: model.export("model.onnx", ' +
  'format="onnx")) and pass --teacher model.onnx.';

/**
 * Recognizes a MobileNet or ResNet of `keras.applications`, with any head of one layer, from names and shapes; the
 * padding of its windows comes from the topology, if there is one. The head may be a 1×1 convolution, and a single logit
 * (of a sigmoid) counts as two classes.
 * @throws `ANC_WEIGHTS` if the file holds another network, its head is not one layer, or the layers before the network
 * do more than normalize
 */
export function recognizeKeras({ tensors, topology }: StateDict): RecognizedKeras {
  const found = applicationIn(tensors);
  if (found === null) throw unknownNetwork(Object.keys(tensors), networkNames(topology));
  const layers = new Map(configuredLayers(topology).map((layer) => [layer.name, layer]));
  const shapeOf = (name: string): readonly number[] | undefined =>
    tensors[found.tensors.get(name) ?? '']?.shape;
  const head = headOf(found);
  const { model, options, stem } =
    found.family === 'mobilenet' ? mobilenetOf(shapeOf, layers) : resnetOf(found.family, shapeOf);
  const channels = shapeOf(`${stem}/kernel`)![2]!;
  const { unknown = [] } = preprocessingOf(topology, channels) ?? {};
  if (unknown.length > 0) throw strangePreprocessing(unknown);
  return {
    model,
    options,
    environment: { input: [SIDE, SIDE, channels], classes: Math.max(2, head.at(-1)!) },
  };
}

/** The shape of the kernel that computes the logits. */
function headOf({ heads }: Application): readonly number[] {
  const [head, ...more] = heads;
  const isLayer = (shape: readonly number[]): boolean =>
    shape.length === 2 || (shape.length === 4 && shape[0] === 1 && shape[1] === 1);
  if (head !== undefined && more.length === 0 && isLayer(head.shape)) return head.shape;
  throw new AncError(
    'ANC_WEIGHTS',
    head === undefined
      ? 'the file holds a network without a head: nothing in it computes logits.'
      : 'besides its network the file has more than a head of one layer.',
    {
      expected: 'one Dense layer, or one 1×1 convolution, behind the global average pooling',
      received: heads.map(({ layer, shape }) => `${layer} [${shape.join(', ')}]`).join(', ') || 'no head',
      hint:
        head === undefined
          ? 'save the whole classifier (include_top=True, or a head of your own).'
          : AS_TEACHER,
    },
  );
}

type ShapeOf = (name: string) => readonly number[] | undefined;
type Recognized = Pick<RecognizedKeras, 'model' | 'options'> & { readonly stem: string };

function mobilenetOf(shapeOf: ShapeOf, layers: ReadonlyMap<string, ConfiguredLayer>): Recognized {
  const [narrowest, widest] = ['conv1/kernel', 'conv_pw_13/kernel'].map((name) => shapeOf(name)![3]!);
  const width = narrowest! / 32;
  if (widest !== 1024 * width) {
    throw new AncError(
      'ANC_WEIGHTS',
      'the MobileNet has an alpha with which its widths were cut to whole numbers.',
      {
        expected: 'one with which they are whole, such as 0.25, 0.5, 0.75 and 1',
        received: `${narrowest} filters first, ${widest} last`,
        hint: AS_TEACHER,
      },
    );
  }
  const stemPadding = paddingOf(layers, 'conv1', 'conv1_pad') ?? 'same';
  const padding = paddingOf(layers, 'conv_dw_2', 'conv_pad_2') ?? 'end';
  const rectified = layers.get('conv1_relu');
  const plain = rectified?.className === 'ReLU' && typeof rectified.config.max_value !== 'number';
  return {
    model: 'keras-mobilenet',
    options: {
      ...(width === 1 ? {} : { width }),
      stemStride: 2, // at any size
      ...(padding === 'end' ? {} : { padding }),
      ...(stemPadding === 'same' ? {} : { stemPadding }),
      ...(plain ? { activation: 'relu' } : {}),
    },
    stem: 'conv1',
  };
}

/** Padding of a convolution of stride two, by itself or by the layer before it; null if it is unknown. */
function paddingOf(
  layers: ReadonlyMap<string, ConfiguredLayer>,
  convolution: string,
  before: string,
): 'same' | 'end' | 'both' | null {
  if (layers.get(convolution)?.config.padding === 'same') return 'same';
  const around = JSON.stringify(layers.get(before)?.config.padding);
  return around === '[[0,1],[0,1]]' ? 'end' : around === '[[1,1],[1,1]]' ? 'both' : null;
}

/** The network's depth, by the numbers of blocks in its stages 2 to 5. */
const DEPTHS: Readonly<Record<string, number>> = { '3,4,6,3': 50, '3,4,23,3': 101, '3,8,36,3': 152 };

function resnetOf(family: 'resnet-v1' | 'resnet-v2', shapeOf: ShapeOf): Recognized {
  const counts = [2, 3, 4, 5].map((stage) => {
    let blocks = 0;
    while (shapeOf(`conv${stage}_block${blocks + 1}_3_conv/kernel`) !== undefined) blocks++;
    return blocks;
  });
  const depth = DEPTHS[counts.join()];
  if (depth === undefined) {
    throw new AncError('ANC_WEIGHTS', 'no ResNet of keras.applications has so many blocks.', {
      expected: `${Object.keys(DEPTHS).join('; ')} in its stages`,
      received: counts.join(),
      hint: AS_TEACHER,
    });
  }
  const second = family === 'resnet-v2';
  const biased = shapeOf('conv1_conv/bias') !== undefined;
  const width = shapeOf('conv2_block1_3_conv/kernel')![2]! / 64;
  return {
    model: `keras-resnet${depth}${second ? '-v2' : ''}`,
    options: { ...(width === 1 ? {} : { width }), ...(biased ? {} : { bias: false }) },
    stem: 'conv1_conv',
  };
}

const strangePreprocessing = (layers: readonly string[]): AncError =>
  new AncError('ANC_WEIGHTS', 'the network preprocesses its images in a way that is not supported.', {
    expected:
      'Rescaling, a division, a subtraction or another order of the channels before the first convolution',
    received: layers.join(', '),
    hint: `save the model without these layers, or: ${AS_TEACHER}`,
  });

const unknownNetwork = (names: readonly string[], networks: readonly string[]): AncError =>
  new AncError('ANC_WEIGHTS', 'the file does not hold a network that is known here.', {
    expected: 'MobileNet, ResNet50, 101 or 152, or ResNet50V2, 101V2 or 152V2 of keras.applications',
    received: `${networks.length === 0 ? '' : `${networks.join(' in ')}: `}${names.slice(0, 4).join(', ')}, …`,
    hint: `${AS_TEACHER} If it is one of the networks of \`anc-cli list\` under other names, pass --model.`,
  });
