import '@tensorflow/tfjs-backend-cpu';
import type { ModelEnvironment } from '@anc/core';
import { networkContract } from '@anc/testing';
import { describe, expect, it } from 'vitest';
import models from '../src/index.js';

const stages = ['stage1', 'stage2', 'stage3'];
const cases: [name: string, input: ModelEnvironment['input'], taps: string[], options: object][] = [
  ['nin', [4, 4, 1], ['block1', 'block2', 'block3'], {}],
  ['lenet4', [16, 16, 1], ['block1', 'block2'], {}],
  ['lenet4', [16, 17, 1], [], { featuresFrom: 'before-relu', initializer: 'glorot-uniform' }],
  ['lenet5', [28, 28, 1], ['block1', 'block2'], {}],
  ['lenet5', [32, 32, 3], ['block1', 'block2'], {}],
  ['cnn', [8, 8, 3], ['block1', 'block2'], { widths: [4, 5], features: 7 }],
  ['cnn-teacher', [8, 8, 1], ['block1', 'block2', 'block3'], {}],
  ['cnn-student', [8, 8, 1], ['block1', 'block2', 'block3'], {}],
  ['resnet', [8, 8, 1], stages, { depth: 8, width: 0.5, shortcut: 'projection-every-stage' }],
  ['resnet', [6, 7, 3], stages, { depth: 8, width: 0.25, variant: 'v1', shortcut: 'projection' }],
  ['resnet', [7, 7, 3], stages, { depth: 8, variant: 'v1', shortcut: 'pad' }],
  ['resnet', [8, 8, 3], stages, { depth: 8, shortcut: 'pad', width: 1.5 }],
  ['resnet', [8, 8, 3], stages, { depth: 11, width: 0.25, block: 'bottleneck' }],
  ['resnet', [8, 8, 3], stages, { depth: 11, width: 0.25, block: 'bottleneck', variant: 'v1' }],
  [
    'resnet',
    [8, 8, 3],
    stages,
    { depth: 11, width: 0.25, block: 'bottleneck', strideOn: '1x1', bias: 'all' },
  ],
  ['resnet', [8, 8, 3], [...stages, 'class-maps'], { depth: 8, width: 0.25, classMaps: true }],
  ['cifar-resnet18', [8, 8, 3], [...stages, 'stage4'], { width: 0.0625, stemWidth: 4 }],
  ['resnet8x4', [8, 8, 3], stages, { width: 0.25, stemWidth: 3 }],
  ['resnet18', [12, 12, 1], [...stages, 'stage4'], { width: 0.0625 }],
  ['torchvision-resnet18', [12, 12, 1], [...stages, 'stage4'], { width: 0.0625 }],
  ['mobilenet', [9, 8, 1], ['block1', 'block13'], { width: 0.0625 }],
  ['mobilenet', [35, 32, 3], [], { width: 0.0625, padding: 'end', stemPadding: 'same', stemStride: 2 }],
  ['mobilenet', [9, 9, 1], [], { width: 0.0625, padding: 'same' }],
  ['keras-resnet50', [17, 16, 3], stages, { width: 0.0625 }],
  ['keras-resnet50-v2', [16, 17, 3], stages, { width: 0.0625 }],
  ['mobilenet', [12, 12, 3], [], { width: 0.0625, activation: 'relu6', stemStride: 2 }],
  ['mobilenet-v2', [9, 8, 1], ['block1', 'block17'], { width: 0.0625 }],
  ['mobilenet-v2', [17, 16, 3], [], { width: 0.0625, stemStride: 2 }],
  ['mobilenet-v3-small', [9, 8, 3], ['block1', 'block11'], { width: 0.0625 }],
  ['mobilenet-v3-large', [8, 9, 1], ['block1', 'block15'], { width: 0.0625 }],
  ['efficientnet-lite0', [9, 8, 1], ['block1', 'block16'], { width: 0.0625 }],
  ['efficientnet-lite0', [8, 9, 3], ['block17'], { width: 0.0625, depth: 1.1, padding: 'both' }],
  ['shufflenet-v2', [9, 8, 1], ['stage2', 'stage3', 'stage4'], { width: 0.0625 }],
  ['shufflenet-v2', [18, 17, 3], [], { width: 0.125, stemStride: 2, stemPool: true }],
];

describe.each(cases)('%s', (name, input, taps, options) => {
  const { create } = models().models![name]!;
  const make = () => create(options, { input, classes: 5 });
  // The layers have gradient tests of their own; of whole networks the cheap ones are checked.
  const finiteDifferences = ['cnn', 'cifar-resnet18', 'resnet8x4'].includes(name);
  networkContract({ describe, it, expect }, make, { input, classes: 5, taps, finiteDifferences });
});
