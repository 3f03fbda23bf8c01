import '@tensorflow/tfjs-backend-cpu';
import { mapTree, mergeTrees, Rng, type HostTensor, type Tree, type Variables } from '@anc/core';
import { inMemory, loadVariables, toLazyTensor, readStateDict, type StateDict } from '@anc/formats';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importInto, recognizeTorch, resnet } from '../../src/index.js';
import { score } from '../as-function.js';

const torchDict = (tensors: Tree<HostTensor>): StateDict => ({
  format: 'torch',
  layout: 'torch',
  tensors: mapTree(tensors, toLazyTensor),
  metadata: {},
});

/** A state dict with the names and shapes of one of our networks, numbers 0, 1, 2, … */
function stateDictOf(variables: Variables<HostTensor>, map: (ours: string) => string): Tree<HostTensor> {
  let next = 0;
  const all = mergeTrees(variables.params, variables.stats);
  return Object.fromEntries(
    Object.entries(all).map(([name, { shape, data }]) => {
      const [a, b, c, d] = shape as [number, number, number, number];
      const theirs = shape.length === 4 ? [d, c, a, b] : shape.length === 2 ? [b, a] : shape;
      return [map(name), { shape: theirs, data: Float32Array.from(data, () => next++) }];
    }),
  );
}

describe('recognizeTorch', () => {
  it.each([
    [{ variant: 'v1', shortcut: 'pad', depth: 8 }, 'linear', 'downsample', [32, 32, 3]],
    [{ variant: 'v1', shortcut: 'projection', depth: 14, width: 2 }, 'fc', 'downsample', [32, 32, 3]],
    [{ variant: 'v1', depth: 8, width: 4, stemWidth: 32 }, 'fc', 'downsample', [32, 32, 3]],
    [{ variant: 'v1', family: 'imagenet', depth: 18, width: 0.125 }, 'fc', 'downsample', [224, 224, 3]],
    [
      { variant: 'v1', family: 'imagenet', stem: '3x3', depth: 18, width: 0.125 },
      'linear',
      'shortcut',
      [32, 32, 3],
    ],
    [
      { variant: 'v1', family: 'imagenet', depth: 50, width: 0.125, block: 'bottleneck' },
      'fc',
      'downsample',
      [224, 224, 3],
    ],
  ] as const)('%o, %s and %s', (options, head, projection, input) => {
    const network = resnet(options, { classes: 7 });
    const variables = network.init(Rng.fromSeed(1), input);
    const rename = (name: string): string =>
      name
        .replace(/^conv\/weights/, 'conv1.weight')
        .replace(/^norm\//, 'bn1/')
        .replace(/^logits\//, `${head}/`)
        .replace(/^stage(\d)\/block(\d+)\//, (_all, s: string, b: string) => `layer${s}.${Number(b) - 1}/`)
        .replace('shortcut-norm/', `${projection}.1/`)
        .replace('shortcut/', `${projection}.0/`)
        .replace(/norm(\d)\//, 'bn$1/')
        .replace(/weights$|gamma$/, 'weight')
        .replace(/beta$/, 'bias')
        .replace(/mean$/, 'running_mean')
        .replace(/variance$/, 'running_var')
        .replaceAll('/', '.');
    const stateDict = stateDictOf(variables, rename);
    const found = recognizeTorch(stateDict);
    expect(found.environment).toEqual({ input, classes: 7 });
    expect(resnet(found.options, found.environment).name).toBe(network.name);

    const counted = { ...stateDict, 'bn1.num_batches_tracked': { shape: [], data: Int32Array.of(5) } };
    const fill = (tensors: Tree<HostTensor>): Variables<HostTensor> =>
      loadVariables(importInto(network, input, torchDict(tensors), found.map).variables);
    const filled = fill(counted);
    expect(mapTree(filled.params, ({ shape }) => shape)).toEqual(
      mapTree(variables.params, ({ shape }) => shape),
    );
    const kernel = filled.params['conv/weights']!; // [H, W, I, O] from [O, I, H, W]
    const [, width, channels, outputs] = kernel.shape as [number, number, number, number];
    const theirs = stateDict['conv1.weight']!;
    expect(kernel.data[((1 * width + 2) * channels + 1) * outputs + 3]).toBe(
      theirs.data[((3 * channels + 1) * kernel.shape[0]! + 1) * width + 2],
    );

    const { [`${head}.bias`]: _gone, ...missing } = stateDict;
    expect(() => fill(missing)).toThrow(/no tensor ".*bias"/);
    const extra = { ...stateDict, 'extra.weight': { shape: [1], data: Float32Array.of(1) } };
    expect(() => fill(extra)).toThrow(/do not belong to the network/);
    const flat = { ...stateDict, 'bn1.bias': { shape: [1], data: Float32Array.of(1) } };
    expect(() => fill(flat)).toThrow(/another shape/);
  });

  it('refuses what is no ResNet', () => {
    expect(() => recognizeTorch({ 'features.0.weight': { shape: [1] } })).toThrow(
      expect.objectContaining({ code: 'ANC_WEIGHTS' }),
    );
  });
});

const data =
  process.env['ANC_DATA_DIR'] ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const checkpoint = join(data, 'models/resnet20-cifar10-akamaster.th');
const images = join(data, 'cifar-10-sample/test_1228.bin');

describe.runIf(existsSync(checkpoint) && existsSync(images))('a published ResNet-20', () => {
  it('classifies real images as it did in PyTorch', async () => {
    const file = new Uint8Array(readFileSync(checkpoint));
    const dict = readStateDict(inMemory(file));
    const { options, environment } = recognizeTorch(dict.tensors);
    const network = resnet(options, environment);
    const { variables, map } = importInto(network, environment.input, dict);
    expect(map).toBe('cifar-resnet');
    const named = (name: string) => importInto(network, environment.input, dict, name);
    expect(() => named('torchvision')).toThrow(/no tensor "fc/);
    expect(() => named('nowhere')).toThrow(/no name map/);
    const count = 10;
    const bytes = readFileSync(images);
    const record = (i: number): Uint8Array => bytes.subarray(i * 3073, (i + 1) * 3073);
    const [mean, deviation] = [
      [0.485, 0.456, 0.406],
      [0.229, 0.224, 0.225],
    ];
    const pixels = Float32Array.from({ length: count * 3072 }, (_, at) => {
      const [image, place, channel] = [Math.floor(at / 3072), Math.floor((at % 3072) / 3), at % 3];
      return (record(image)[1 + channel * 1024 + place]! / 255 - mean[channel]!) / deviation[channel]!;
    });
    const { logits } = await score(network, loadVariables(variables), {
      shape: [count, 32, 32, 3],
      data: pixels,
    });
    const right = Array.from({ length: count }, (_, i) => {
      const row = [...logits!.data.subarray(i * 10, (i + 1) * 10)];
      return row.indexOf(Math.max(...row)) === record(i)[0];
    }).filter(Boolean).length;
    expect(right).toBeGreaterThanOrEqual(9); // of 1,000, 91.5 %
  });
});
