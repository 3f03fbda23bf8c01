import { describe, expect, it } from 'vitest';
import { recognizeTorch } from './recognize.js';
import { torchNames } from './renamed.js';

type Shapes = Record<string, { readonly shape: readonly number[] }>;

/** The last and shortest names of a state dict, and what it leaves out. */
function last(tensors: Shapes) {
  const all = [...torchNames(tensors)];
  const { tensors: renamed, ignored } = all.at(-1)!;
  return { names: Object.keys(renamed), ignored };
}

/** Tensors of a ResNet of three stages, one block in each. */
function resnet(classes: number): Shapes {
  const norm = (name: string, width: number): Shapes =>
    Object.fromEntries(
      ['weight', 'bias', 'running_mean', 'running_var'].map((leaf) => [
        `${name}.${leaf}`,
        { shape: [width] },
      ]),
    );
  const kernel = (name: string, from: number, to: number): Shapes => ({
    [`${name}.weight`]: { shape: [to, from, 3, 3] },
  });
  const block = (stage: number, from: number, to: number): Shapes => ({
    ...kernel(`layer${stage}.0.conv1`, from, to),
    ...norm(`layer${stage}.0.bn1`, to),
    ...kernel(`layer${stage}.0.conv2`, to, to),
    ...norm(`layer${stage}.0.bn2`, to),
  });
  return {
    ...kernel('conv1', 3, 16),
    ...norm('bn1', 16),
    ...block(1, 16, 16),
    ...block(2, 16, 32),
    ...block(3, 32, 64),
    'fc.weight': { shape: [classes, 64] },
    'fc.bias': { shape: [classes] },
  };
}

const renamed = (tensors: Shapes, rename: (name: string) => string): Shapes =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [rename(name), tensor]));
const body = (name: string, other: (name: string) => string): string =>
  name.startsWith('fc.') ? name : other(name);
const children = ['conv1', 'bn1', '', '', 'layer1', 'layer2', 'layer3', 'layer4'];

describe('a ResNet inside of other modules', () => {
  const expected = recognizeTorch(resnet(7));

  it.each<[string, (name: string) => string]>([
    ['model.', (name) => `model.${name}`],
    ['net.', (name) => `net.${name}`],
    ['two prefixes', (name) => `classifier.encoder.${name}`],
    ['backbone. and head.', (name) => body(name, (own) => `backbone.${own}`).replace(/^fc\./, 'head.')],
    ['backbone. and head.fc.', (name) => body(name, (own) => `backbone.${own}`).replace(/^fc\./, 'head.fc.')],
    [
      'a prefix of both',
      (name) => `model.${body(name, (own) => `encoder.${own}`).replace(/^fc\./, 'classifier.1.')}`,
    ],
    ['a head in a Sequential', (name) => name.replace(/^fc\./, 'fc.1.')],
    ['a head of another name', (name) => name.replace(/^fc\./, 'last_linear.')],
    [
      'a Sequential of its children',
      (name) =>
        body(name, (own) => `features.${own.replace(/^\w+/, (first) => String(children.indexOf(first)))}`),
    ],
  ])('is recognized: %s', (_what, rename) => {
    const { map: _, ...found } = recognizeTorch(renamed(resnet(7), rename));
    const { map: __, ...wanted } = expected;
    expect(found).toEqual(wanted);
  });

  it('is recognized beside a loss and a normalization, which are left out', () => {
    const tensors: Shapes = {
      ...renamed(resnet(7), (name) => `model.${name}`),
      'criterion.weight': { shape: [7] },
      'normalizer.mean': { shape: [3, 1, 1] },
    };
    expect(recognizeTorch(tensors).environment.classes).toBe(7);
    expect(last(tensors).ignored).toEqual(['criterion.weight', 'normalizer.mean']);
  });
});

it.each([
  ['a Sequential of a normalization and a network', '0.mean', '1.'],
  ['a network beside statistics of its pixels', 'pixel_std', ''],
  ['a network in a module beside them', 'model.std', 'model.net.'],
])('%s loses the statistics', (_what, name, prefix) => {
  const tensors: Shapes = {
    [name]: { shape: [1, 3, 1, 1] },
    ...renamed(resnet(7), (own) => prefix + own),
  };
  expect(recognizeTorch(tensors).environment.classes).toBe(7);
  expect(last(tensors).ignored).toHaveLength(1);
});

describe('another network', () => {
  it('keeps its names', () => {
    const tensors = { 'features.0.weight': { shape: [4, 3, 3, 3] }, 'head.weight': { shape: [2, 4] } };
    expect(last(tensors)).toEqual({ names: Object.keys(tensors), ignored: [] });
  });

  it('of two matrices is no ResNet with a head of another name', () => {
    const tensors = {
      ...renamed(resnet(7), (name) => name.replace(/^fc\./, 'fc.2.')),
      'fc.0.weight': { shape: [64, 64] },
    };
    expect(() => recognizeTorch(tensors)).toThrow(/not hold a network that is known/);
  });

  it('is refused with the call that exports it', () => {
    const tensors = { 'features.0.weight': { shape: [4, 1, 3, 3] } };
    const hint = (input?: readonly [number, number, number]): unknown => {
      try {
        return recognizeTorch(tensors, input);
      } catch (error) {
        return (error as { detail: { hint: string } }).detail.hint;
      }
    };
    expect(hint()).toContain(
      'torch.onnx.export(model.eval(), (torch.zeros(2, 1, 224, 224),), "model.onnx", input_names=["images"], ' +
        'output_names=["logits"], dynamic_shapes=({0: "batch"},), dynamo=True)',
    );
    expect(hint([28, 30, 1])).toContain('torch.zeros(2, 1, 28, 30)');
  });

  it('as a list of tensors is refused as such', () => {
    const tensors = { '0.weight': { shape: [4, 1, 3, 3] }, '1.bias': { shape: [4] } };
    expect(() => recognizeTorch(tensors)).toThrow(/a list of tensors/);
  });
});
