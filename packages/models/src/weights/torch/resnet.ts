import type { Tree } from '@anc/core';
import type { ResnetOptions } from '../../resnet/options.js';
import type { NameMap } from '../arrange/name-map.js';
import type { RecognizedModel } from './recognized-model.js';

const BATCH_NORM: Readonly<Record<string, string>> = {
  gamma: 'weight',
  beta: 'bias',
  mean: 'running_mean',
  variance: 'running_var',
};
const PLAIN: Readonly<Record<string, string>> = { weights: 'weight', bias: 'bias' };

/**
 * Names of torchvision's ResNets (`layer1.0.conv1.weight`, `downsample.0.weight`). The CIFAR implementations share
 * them, except for the last layer's (`fc` or `linear`) and the projections' (`downsample` or `shortcut`). Variables
 * that no such network has keep their names.
 */
export const resnetNames =
  (head: string, projection = 'downsample'): NameMap =>
  (ours) => {
    const [stem, norm] = [/^conv\/(\w+)$/, /^norm\/(\w+)$/].map((pattern) => pattern.exec(ours)?.[1]);
    if (stem !== undefined) return `conv1.${PLAIN[stem]}`;
    if (norm !== undefined) return `bn1.${BATCH_NORM[norm]}`;
    const logits = /^logits\/(\w+)$/.exec(ours)?.[1];
    if (logits !== undefined) return `${head}.${PLAIN[logits]}`;
    const inBlock = /^stage(\d+)\/block(\d+)\/((?:conv|norm|shortcut)[\w-]*)\/(\w+)$/.exec(ours);
    if (inBlock === null) return ours;
    const [, stage, block, layer = '', leaf = ''] = inBlock;
    const place = `layer${stage}.${Number(block) - 1}`;
    if (layer === 'shortcut') return `${place}.${projection}.0.${PLAIN[leaf]}`;
    if (layer === 'shortcut-norm') return `${place}.${projection}.1.${BATCH_NORM[leaf]}`;
    const index = /\d+$/.exec(layer)?.[0] ?? '';
    return layer.startsWith('norm')
      ? `${place}.bn${index}.${BATCH_NORM[leaf]}`
      : `${place}.conv${index}.${PLAIN[leaf]}`;
  };

type Shapes = Tree<{ readonly shape: readonly number[] }>;

/** A post-activation ResNet of torchvision, or of the CIFAR implementations, by names and shapes; null for another network. */
export function resnetIn(stateDict: Shapes): RecognizedModel<ResnetOptions> | null {
  const shapeOf = (name: string): readonly number[] | undefined =>
    Object.hasOwn(stateDict, name) ? stateDict[name]!.shape : undefined;
  const head = ['fc', 'linear'].find((name) => shapeOf(`${name}.weight`)?.length === 2);
  const stem = shapeOf('conv1.weight');
  const counts = [1, 2, 3, 4].map((stage) => {
    let blocks = 0;
    while (shapeOf(`layer${stage}.${blocks}.conv1.weight`) !== undefined) blocks++;
    return blocks;
  });
  const firstWidth = shapeOf('layer1.0.conv1.weight')?.[0];
  const stages = counts[3] === 0 ? counts.slice(0, 3) : counts;
  if (head === undefined || stem?.length !== 4 || firstWidth === undefined || stages.includes(0)) return null;
  const family = stages.length === 3 ? 'cifar' : 'imagenet';
  const block = shapeOf('layer1.0.conv3.weight') === undefined ? 'basic' : 'bottleneck';
  const projection = ['downsample', 'shortcut'].find(
    (name) => shapeOf(`layer2.0.${name}.0.weight`) !== undefined,
  );
  const narrow = family === 'cifar' ? 16 : 64;
  const small = stem[2] === 3;
  const side = small ? 32 : 224;
  return {
    model: 'resnet',
    options: {
      variant: 'v1',
      family,
      block,
      depth: 2 + stages.reduce((sum, count) => sum + count, 0) * (block === 'basic' ? 2 : 3),
      width: firstWidth / narrow,
      shortcut: projection === undefined ? 'pad' : 'projection',
      ...(family === 'imagenet' && small ? { stem: '3x3' as const } : {}),
      ...(stem[0] === narrow ? {} : { stemWidth: stem[0]! }),
    },
    environment: { input: [side, side, stem[1]!], classes: shapeOf(`${head}.weight`)![0]! },
    map: resnetNames(head, projection),
  };
}
