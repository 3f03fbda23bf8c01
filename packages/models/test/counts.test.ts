import type { ModelEnvironment } from '@anc/core';
import { describe, expect, it } from 'vitest';
import models from '../src/index.js';
import { parametersAndFlops } from '../src/counts.js';

const small: ModelEnvironment['input'] = [28, 28, 1];
const cifar: ModelEnvironment['input'] = [32, 32, 3];

function count(name: string, input: ModelEnvironment['input'], classes = 10, options: object = {}) {
  const { create } = models().models![name]!;
  return parametersAndFlops(create(options, { input, classes }), input);
}

const imagenet: ModelEnvironment['input'] = [224, 224, 3];

describe('parameters, to the unit', () => {
  it.each([
    ['nin', small, 10, 10_600_522],
    ['lenet4', small, 10, 2_315_018],
    ['lenet5', small, 10, 61_706],
    ['cnn-teacher', small, 10, 441_330],
    ['cnn-student', small, 10, 33_794],
    ['resnet20', cifar, 10, 272_538],
    ['resnet164', cifar, 10, 2_605_722],
    ['resnet164-bottleneck', cifar, 10, 1_703_258],
    ['resnet152', imagenet, 10, 58_208_394],
    ['resnet50', imagenet, 10, 23_539_850],
    ['resnet18', imagenet, 10, 13_950_080 + 2048 * 10 + 10], // the paper's 13.95M is without a head
    // As published elsewhere: torchvision's model table, the Wide ResNet, the MobileNet and the CIFAR reference code.
    ['resnet20-v1', cifar, 10, 269_722],
    ['cifar-resnet18', cifar, 10, 11_173_962],
    ['cifar-resnet34', cifar, 10, 21_282_122],
    ['cifar-resnet50', cifar, 10, 23_520_842],
    ['resnet8x4', cifar, 100, 1_233_540],
    ['resnet32x4', cifar, 100, 7_433_860],
    ['torchvision-resnet18', imagenet, 1000, 11_689_512],
    ['torchvision-resnet34', imagenet, 1000, 21_797_672],
    ['torchvision-resnet50', imagenet, 1000, 25_557_032],
    ['torchvision-resnet152', imagenet, 1000, 60_192_808],
    ['wrn-16-4', cifar, 10, 2_748_890],
    ['wrn-28-10', cifar, 10, 36_479_194],
    ['wrn-40-2', cifar, 10, 2_243_546],
    ['mobilenet', imagenet, 1000, 4_231_976],
    ['mobilenet-v2', imagenet, 1000, 3_504_872],
    ['mobilenet-v3-small', imagenet, 1000, 2_542_856],
    ['mobilenet-v3-large', imagenet, 1000, 5_483_032],
    ['efficientnet-lite0', imagenet, 1000, 4_652_008],
    ['shufflenet-v2', imagenet, 1000, 2_278_604],
    // As Keras counts what it trains.
    ['keras-mobilenet', imagenet, 10, 3_217_226],
    ['keras-resnet50', imagenet, 10, 23_555_082],
    ['keras-resnet101', imagenet, 10, 42_573_322],
    ['keras-resnet152', imagenet, 10, 58_240_010],
    ['keras-resnet50-v2', imagenet, 10, 23_539_850],
    ['keras-resnet101-v2', imagenet, 10, 42_549_386],
    ['keras-resnet152-v2', imagenet, 10, 58_208_394],
  ] as const)('%s at %o, %d classes', (name, input, classes, parameters) => {
    expect(count(name, input, classes).parameters).toBe(parameters);
  });

  it.each([
    ['shufflenet-v2', { width: 0.5 }, 1_366_792],
    ['shufflenet-v2', { width: 1.5 }, 3_503_624],
    ['shufflenet-v2', { width: 2 }, 7_393_996],
    // timm's tf_efficientnet_lite1 to lite4
    ['efficientnet-lite0', { width: 1, depth: 1.1 }, 5_416_680],
    ['efficientnet-lite0', { width: 1.1, depth: 1.2 }, 6_092_072],
    ['efficientnet-lite0', { width: 1.2, depth: 1.4 }, 8_197_096],
    ['efficientnet-lite0', { width: 1.4, depth: 1.8 }, 13_006_568],
  ] as const)('%s of %o', (name, options, parameters) => {
    expect(count(name, imagenet, 1000, options).parameters).toBe(parameters);
  });

  it.each([
    [0.25, 470_072],
    [0.5, 1_331_592],
    [0.75, 2_585_560],
  ])('mobilenet of width %d', (width, parameters) => {
    expect(count('mobilenet', imagenet, 1000, { width }).parameters).toBe(parameters);
  });
});

describe("the paper's FLOPs, to 0.1 %", () => {
  it.each([
    ['resnet164', cifar, 97.49e9, 128],
    ['resnet20', cifar, 10.52e9, 128],
    ['nin', cifar, 60.23e9, 128],
    ['lenet4', cifar, 7.056e9, 128],
    ['resnet152', imagenet, 5587e9, 256],
  ] as const)('%s at %o: %d for a batch of %d', (name, input, flops, batch) => {
    expect(Math.abs((count(name, input).flops * batch) / flops - 1)).toBeLessThan(1e-3);
  });
});

describe('sizes of images and numbers of classes', () => {
  const inputs: ModelEnvironment['input'][] = [small, cifar, [64, 64, 3], imagenet];
  it.each(Object.keys(models().models!))('%s takes all of them', (name) => {
    for (const input of inputs) expect(count(name, input, 100).parameters).toBeGreaterThan(0);
  });

  it.each([
    ['lenet4', [15, 28, 1]],
    ['nin', [3, 3, 1]],
    ['cnn-student', [7, 7, 1]],
  ] as const)('%s refuses %o', (name, input) => {
    expect(() => count(name, input)).toThrow(expect.objectContaining({ code: 'ANC_MODEL_INPUT' }));
  });

  it.each([
    ['resnet', { depth: 21 }],
    ['resnet', { depth: 32, block: 'bottleneck' }],
    ['resnet', { depth: 51, family: 'imagenet' }],
    ['resnet', { depth: 50, family: 'imagenet', block: 'basic' }],
    ['resnet', { depth: 20, width: 0.01 }],
    ['resnet', { depth: 20, stem: '7x7' }],
    ['mobilenet', { width: 0.01 }],
  ])('%s refuses %o', (name, options) => {
    expect(() => count(name, cifar, 10, options)).toThrow(expect.objectContaining({ code: 'ANC_MODEL' }));
  });
});
