import type { Tree } from '@anc/core';
import type { NameMap } from '../torch/name-map.js';

type Shaped = Tree<{ readonly shape: readonly number[] }>;

/** A layer with variables that is none of the network's own. */
export interface Head {
  readonly layer: string;
  /** Of its kernel, or of its first variable. */
  readonly shape: readonly number[];
}

/** What a file of weights of `keras.applications` is of. */
export interface Application {
  readonly family: 'mobilenet' | 'resnet-v1' | 'resnet-v2';
  /** The file's names by layer and leaf, e.g. `conv1/kernel`: what stands before is where the layer was saved. */
  readonly tensors: ReadonlyMap<string, string>;
  /** Layers beside the network; one where it is a classifier. */
  readonly heads: readonly Head[];
}

/** Keras's names of our leaves; the others are called alike. */
export const KERAS_LEAVES: Readonly<Record<string, string>> = {
  weights: 'kernel',
  mean: 'moving_mean',
  variance: 'moving_variance',
};

/** Our layers by those of MobileNet: `conv_dw_3`, `conv_dw_3_bn`, `conv_pw_3`, `conv_pw_3_bn`. */
function mobilenetLayer(ours: string): string {
  if (ours === 'conv') return 'conv1';
  if (ours === 'norm0') return 'conv1_bn';
  const [, index = '', kind = ''] = /^(?:depthwise|pointwise|norm)(\d+)(?:-(deep|point))?$/.exec(ours) ?? [];
  const stem = ours.startsWith('depthwise') || kind === 'deep' ? 'conv_dw_' : 'conv_pw_';
  return `${stem}${index}${ours.startsWith('norm') ? '_bn' : ''}`;
}

/** Our layers by those of the ResNets: `conv3_block1_2_conv`; the first batch norm of a block is `preact_bn` in v2. */
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

/** Layers of the networks, without their heads, and those that tell one family from the others. */
const OWN =
  /^(conv1|conv1_bn|conv_[dp]w_\d+(_bn)?|conv1_conv|post_bn|conv\d_block\d+_(preact|\d)_(conv|bn))$/;
const MARKS: readonly (readonly [Application['family'], readonly string[]])[] = [
  ['mobilenet', ['conv1', 'conv_dw_1', 'conv_pw_13']],
  ['resnet-v1', ['conv1_conv', 'conv1_bn', 'conv2_block1_3_conv', 'conv5_block1_0_conv']],
  ['resnet-v2', ['conv1_conv', 'post_bn', 'conv2_block1_3_conv', 'conv5_block1_0_conv']],
];

/** Recognises a network of `keras.applications` by its layers' names, or gives null. */
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

/** How such a file calls our variables; as we do where it is not of such a network. */
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
