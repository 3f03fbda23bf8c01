import type { Tree } from '@anc/core';
import type { NameMap } from '../arrange/name-map.js';

type Shaped = Tree<{ readonly shape: readonly number[] }>;

/** A layer with variables that does not belong to the network itself. */
export interface Head {
  readonly layer: string;
  /** Shape of its kernel, or of its first variable. */
  readonly shape: readonly number[];
}

/** A network of `keras.applications` that a file holds the weights of. */
export interface Application {
  readonly family: 'mobilenet' | 'resnet-v1' | 'resnet-v2';
  /** The file's names by layer and leaf, e.g. `conv1/kernel`, without the path of the layer in the file. */
  readonly tensors: ReadonlyMap<string, string>;
  /** Layers besides the network; a single one if it is a classifier. */
  readonly heads: readonly Head[];
}

/** Keras's names of our leaves; the other names are the same. */
export const KERAS_LEAVES: Readonly<Record<string, string>> = {
  weights: 'kernel',
  mean: 'moving_mean',
  variance: 'moving_variance',
};

/** MobileNet's names of our layers: `conv_dw_3`, `conv_dw_3_bn`, `conv_pw_3`, `conv_pw_3_bn`. */
function mobilenetLayer(ours: string): string {
  if (ours === 'conv') return 'conv1';
  if (ours === 'norm0') return 'conv1_bn';
  const [, index = '', kind = ''] = /^(?:depthwise|pointwise|norm)(\d+)(?:-(deep|point))?$/.exec(ours) ?? [];
  const stem = ours.startsWith('depthwise') || kind === 'deep' ? 'conv_dw_' : 'conv_pw_';
  return `${stem}${index}${ours.startsWith('norm') ? '_bn' : ''}`;
}

/** The ResNets' names of our layers: `conv3_block1_2_conv`; in v2 the first batch norm of a block is `preact_bn`. */
const resnetLayer =
  (version: 1 | 2) =>
  (ours: string): string => {
    if (ours === 'conv') return 'conv1_conv';
    if (ours === 'norm') return version === 1 ? 'conv1_bn' : 'post_bn';
    const [, stage, block, layer = ''] = /^stage(\d+)\/block(\d+)\/([\w-]+)$/.exec(ours) ?? [];
    const place = `conv${Number(stage) + 1}_block${block}_`;
    if (layer === 'shortcut') return `${place}0_conv`;
    if (layer === 'shortcut-norm') return `${place}0_bn`;
    const index = Number(/\d+$/.exec(layer)?.[0]);
    if (layer.startsWith('conv')) return `${place}${index}_conv`;
    if (version === 1) return `${place}${index}_bn`;
    return index === 1 ? `${place}preact_bn` : `${place}${index - 1}_bn`;
  };

const LAYERS: Readonly<Record<Application['family'], (ours: string) => string>> = {
  mobilenet: mobilenetLayer,
  'resnet-v1': resnetLayer(1),
  'resnet-v2': resnetLayer(2),
};

/** Layers of the networks without their heads, and the layers that distinguish the families. */
const OWN =
  /^(conv1|conv1_bn|conv_[dp]w_\d+(_bn)?|conv1_conv|post_bn|conv\d_block\d+_(preact|\d)_(conv|bn))$/;
const MARKS: readonly (readonly [Application['family'], readonly string[]])[] = [
  ['mobilenet', ['conv1', 'conv_dw_1', 'conv_pw_13']],
  ['resnet-v1', ['conv1_conv', 'conv1_bn', 'conv2_block1_3_conv', 'conv5_block1_0_conv']],
  ['resnet-v2', ['conv1_conv', 'post_bn', 'conv2_block1_3_conv', 'conv5_block1_0_conv']],
];

/** Recognizes a network of `keras.applications` by the names of its layers; null for any other. */
export function applicationIn(tensors: Shaped): Application | null {
  const own = new Map<string, string>();
  const shapes = new Map<string, readonly number[]>();
  for (const [name, { shape }] of Object.entries(tensors)) {
    const [, layer, leaf = ''] = /(?:^|\/)([^/]+)\/([^/]+)$/.exec(name) ?? [];
    if (layer === undefined) continue;
    const kernel = leaf === 'depthwise_kernel' ? 'kernel' : leaf; // of Keras 2
    own.set(`${layer}/${kernel}`, name);
    if (kernel === 'kernel' || !shapes.has(layer)) shapes.set(layer, shape);
  }
  const has = (layer: string): boolean => own.has(`${layer}/kernel`) || own.has(`${layer}/gamma`);
  const family = MARKS.find(([, layers]) => layers.every(has))?.[0];
  if (family === undefined) return null;
  const heads = [...shapes].filter(([layer]) => !OWN.test(layer)).map(([layer, shape]) => ({ layer, shape }));
  return { family, tensors: own, heads };
}

/** Such a file's names of our variables; our own names for a file of another network. */
export function applicationNames(tensors: Shaped): NameMap {
  const application = applicationIn(tensors);
  if (application === null) return (ours) => ours;
  const { family, heads, tensors: theirs } = application;
  return (ours) => {
    const [, layer = '', leaf = ''] = /^(.*)\/(\w+)$/.exec(ours) ?? [];
    const named = layer === 'logits' ? (heads[0]?.layer ?? 'predictions') : LAYERS[family](layer);
    const name = `${named}/${KERAS_LEAVES[leaf] ?? leaf}`;
    return theirs.get(name) ?? name;
  };
}
