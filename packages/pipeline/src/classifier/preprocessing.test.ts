import { describe, expect, it } from 'vitest';
import { commonNormalization, parsePreprocessing } from './preprocessing.js';

describe('parsePreprocessing', () => {
  it.each<[string, number, number[], number[]]>([
    ['unit', 1, [0], [255]],
    ['none', 3, [0, 0, 0], [1, 1, 1]],
    ['signed', 1, [127.5], [127.5]],
    ['imagenet', 3, [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]],
    ['0.5/0.25', 3, [127.5, 127.5, 127.5], [63.75, 63.75, 63.75]],
    ['0.1,0.2,0.3/0.4,0.5,0.6', 3, [25.5, 51, 76.5], [102, 127.5, 153]],
    ['mean=[127.5] std=[255]', 1, [127.5], [255]],
    ['0, 1', 1, [0], [255]],
  ])('%s for %d channels', (text, channels, mean, std) => {
    const found = parsePreprocessing(text, channels);
    found.mean.forEach((value, i) => expect(value).toBeCloseTo(mean[i]!, 9));
    found.std.forEach((value, i) => expect(value).toBeCloseTo(std[i]!, 9));
    expect(found.std).toHaveLength(channels);
  });

  it.each([
    ['imagnet', 3, /did you mean "imagenet"/],
    ['imagenet', 1, /one channel\n.*imagenet, for 3(?!.*did you mean)/s],
    ['0.5', 3, /expected/],
    ['resnet50v2', 3, /expected/],
    ['0.5,0.5x/0.2,0.2', 3, /expected/],
    ['0.5/0', 3, /std above 0/],
    ['1,2/3,4', 3, /for 3\n.*for 2/],
  ])('refuses %s for %d channels', (text, channels, message) => {
    try {
      parsePreprocessing(text, channels);
      expect.unreachable();
    } catch (error) {
      expect((error as { code: string }).code).toBe('ANC_NORMALIZE');
      expect((error as { describe(): string }).describe()).toMatch(message);
    }
  });
});

describe('commonNormalization', () => {
  it.each<[string | null, [number, number, number], string | null, string?, Record<string, string>?]>([
    ['cifar-resnet', [32, 32, 3], 'imagenet'],
    ['pytorch-cifar', [32, 32, 3], 'cifar10'],
    ['torchvision', [224, 224, 3], 'imagenet'],
    ['torchvision', [224, 224, 1], null],
    ['order', [32, 32, 3], null],
    [null, [32, 32, 3], null],
    ['torch', [224, 224, 3], 'imagenet'],
    ['torch', [224, 224, 3], 'signed', 'efficientnet-lite0'],
    ['torch', [224, 224, 3], 'imagenet', 'efficientnet-lite0', { padding: 'both' }],
  ])('of names by %s, images %j: %j %s %o', (map, input, known, name = 'resnet', options = {}) => {
    const model = { name, options };
    const found = commonNormalization({ map, model, environment: { input, classes: 10 } });
    expect(found?.normalization ?? null).toEqual(known === null ? null : parsePreprocessing(known, 3));
  });
});
