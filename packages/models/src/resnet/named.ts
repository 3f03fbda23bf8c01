import type { ModelContribution } from '@anc/core';
import { resnetSchema, type ResnetDefaults, type ResnetOptions } from './options.js';
import { buildResnet } from './resnet.js';

function member(name: string, summary: string, defaults: ResnetDefaults): ModelContribution {
  const options = resnetSchema(defaults);
  return {
    summary,
    options,
    input: defaults.family === 'imagenet' && defaults.stem !== '3x3' ? [224, 224, 3] : [32, 32, 3],
    create: (given: ResnetOptions, { classes }) => buildResnet(name, options, given, classes),
  };
}

/** The paper's CIFAR networks: pre-activation basic blocks, a projection at the start of every stage. */
const paper = (depth: number): ResnetDefaults => ({ depth, shortcut: 'projection-every-stage' });

/** The paper's ImageNet networks: TF-slim's resnet_v2, with its biases and strides. */
const slim = (depth: number): ResnetDefaults => ({
  depth,
  family: 'imagenet',
  block: 'bottleneck',
  downsample: 'last-block',
  bias: true,
});

const torchvision = (depth: number): ResnetDefaults => ({
  depth,
  family: 'imagenet',
  block: depth < 50 ? 'basic' : 'bottleneck',
  variant: 'v1',
});

/** Four stages after a 3×3 convolution at full resolution, like most ResNet-18s for CIFAR. */
const fourStages = (depth: number): ResnetDefaults => ({ ...torchvision(depth), stem: '3x3' });

/** Twice the channels in the first convolution, four times in the stages (Tian et al. 2020, arXiv 1910.10699). */
const timesFour = (depth: number): ResnetDefaults => ({ depth, variant: 'v1', width: 4, stemWidth: 32 });

/** `keras.applications`' ResNets (v1): strides as in He et al. 2015, a bias on every convolution. */
const keras = (depth: number): ResnetDefaults => ({
  depth,
  family: 'imagenet',
  block: 'bottleneck',
  variant: 'v1',
  bias: 'all',
  strideOn: '1x1',
});

/** `keras.applications`' ResNets (v2): as TF-slim's, but with a border of zeros before the first pooling. */
const kerasV2 = (depth: number): ResnetDefaults => ({ ...slim(depth), poolBorder: 'zeros' });

/** Wide ResNets count their projections: 6n + 4 layers (Zagoruyko & Komodakis 2016). */
const wide = (depth: number, width: number): ResnetDefaults => ({ depth: depth - 2, width });

const names = {
  resnet: member('resnet', 'a residual network of any depth, width, block, shortcut and variant', {}),
  resnet20: member('resnet20', "the paper's CIFAR student", paper(20)),
  resnet164: member('resnet164', "the paper's CIFAR teacher (basic blocks)", paper(164)),
  'resnet164-bottleneck': member('resnet164-bottleneck', 'ResNet-164 as published, with bottlenecks', {
    depth: 164,
    block: 'bottleneck',
  }),
  resnet18: member('resnet18', "the paper's ImageNet student (slim v2, bottlenecks)", slim(18)),
  resnet50: member('resnet50', "the paper's larger ImageNet student (slim v2)", slim(50)),
  resnet152: member('resnet152', "the paper's ImageNet teacher (slim v2)", slim(152)),
  'resnet20-v1': member('resnet20-v1', 'CIFAR ResNet-20 of 2015, parameter-free shortcuts', {
    depth: 20,
    variant: 'v1',
    shortcut: 'pad',
  }),
  'resnet56-v1': member('resnet56-v1', 'CIFAR ResNet-56 of 2015, parameter-free shortcuts', {
    depth: 56,
    variant: 'v1',
    shortcut: 'pad',
  }),
  'resnet110-v1': member('resnet110-v1', 'CIFAR ResNet-110 of 2015, parameter-free shortcuts', {
    depth: 110,
    variant: 'v1',
    shortcut: 'pad',
  }),
  'cifar-resnet18': member(
    'cifar-resnet18',
    'ResNet-18 for CIFAR: four stages, no first pooling',
    fourStages(18),
  ),
  'cifar-resnet34': member(
    'cifar-resnet34',
    'ResNet-34 for CIFAR: four stages, no first pooling',
    fourStages(34),
  ),
  'cifar-resnet50': member(
    'cifar-resnet50',
    'ResNet-50 for CIFAR: four stages, no first pooling',
    fourStages(50),
  ),
  resnet8x4: member(
    'resnet8x4',
    'CIFAR ResNet-8 of distillation benchmarks, four times as wide',
    timesFour(8),
  ),
  resnet32x4: member(
    'resnet32x4',
    'CIFAR ResNet-32 of distillation benchmarks, four times as wide',
    timesFour(32),
  ),
  'torchvision-resnet18': member('torchvision-resnet18', "torchvision's resnet18", torchvision(18)),
  'torchvision-resnet34': member('torchvision-resnet34', "torchvision's resnet34", torchvision(34)),
  'torchvision-resnet50': member('torchvision-resnet50', "torchvision's resnet50", torchvision(50)),
  'torchvision-resnet152': member('torchvision-resnet152', "torchvision's resnet152", torchvision(152)),
  'keras-resnet50': member('keras-resnet50', "keras.applications' ResNet50", keras(50)),
  'keras-resnet101': member('keras-resnet101', "keras.applications' ResNet101", keras(101)),
  'keras-resnet152': member('keras-resnet152', "keras.applications' ResNet152", keras(152)),
  'keras-resnet50-v2': member('keras-resnet50-v2', "keras.applications' ResNet50V2", kerasV2(50)),
  'keras-resnet101-v2': member('keras-resnet101-v2', "keras.applications' ResNet101V2", kerasV2(101)),
  'keras-resnet152-v2': member('keras-resnet152-v2', "keras.applications' ResNet152V2", kerasV2(152)),
  'wrn-16-4': member('wrn-16-4', 'Wide ResNet, 16 layers, 4 times as wide', wide(16, 4)),
  'wrn-28-10': member('wrn-28-10', 'Wide ResNet, 28 layers, 10 times as wide', wide(28, 10)),
  'wrn-40-2': member('wrn-40-2', 'Wide ResNet, 40 layers, twice as wide', wide(40, 2)),
};

/** The published residual networks, by name. */
export const resnetModels: Readonly<Record<string, ModelContribution>> = names;
