import { mapTree, mergeTrees, Rng, type HostTensor, type ModelEnvironment, type Tree } from '@anc/core';
import { loadVariables, toLazyTensor, type StateDict } from '@anc/formats';
import { describe, expect, it } from 'vitest';
import models, { importInto, recognizeTorch } from '../../src/index.js';

const LEAVES: Readonly<Record<string, string>> = {
  weights: 'weight',
  gamma: 'weight',
  beta: 'bias',
  mean: 'running_mean',
  variance: 'running_var',
};

/** A network as PyTorch saves it: names of its modules, kernels [O, I, H, W], counters; numbers 0, 1, 2, … */
function saved(name: string, options: object, environment: ModelEnvironment, prefix = ''): Tree<HostTensor> {
  const network = models().models![name]!.create(options, environment);
  const { params, stats } = network.init(Rng.fromSeed(1), environment.input);
  let next = 0;
  return Object.fromEntries(
    Object.entries(mergeTrees(params, stats)).flatMap(([ours, { shape, data }]) => {
      const parts = ours.split('/');
      const leaf = parts.pop()!;
      const path = prefix + parts.join('.');
      const [a, b, c, d] = shape as [number, number, number, number];
      const isDepthwise = shape.length === 4 && d === 1 && a > 1;
      const kernel = isDepthwise ? [c, 1, a, b] : [d, c, a, b];
      const theirs = shape.length === 4 ? kernel : shape.length === 2 ? [b, a] : shape;
      const tensor = { shape: theirs, data: Float32Array.from(data, () => next++) };
      const counter = { shape: [], data: Int32Array.of(3) };
      return [
        [`${path}.${LEAVES[leaf] ?? leaf}`, tensor],
        ...(leaf === 'mean' ? [[`${path}.num_batches_tracked`, counter] as [string, HostTensor]] : []),
      ] as [string, HostTensor][];
    }),
  );
}

const dictOf = (tensors: Tree<HostTensor>): StateDict => ({
  format: 'torch',
  layout: 'torch',
  tensors: mapTree(tensors, toLazyTensor),
  metadata: {},
});

describe('networks of torchvision and timm', () => {
  it.each([
    ['mobilenet-v2', { width: 0.35 }, 'module.'],
    ['mobilenet-v3-small', { width: 0.25 }, ''],
    ['mobilenet-v3-large', { width: 0.2 }, 'model.'],
    ['shufflenet-v2', { width: 0.5 }, ''],
    ['efficientnet-lite0', { width: 0.3 }, 'backbone.'],
    ['efficientnet-lite0', { depth: 1.1 }, ''],
  ] as const)(
    '%s of %o, with names after "%s", is recognized and read by its names',
    (name, options, prefix) => {
      const environment = { input: [224, 224, 1], classes: 7 } as const;
      const tensors = saved(name, options, environment, prefix);
      const found = recognizeTorch(tensors);
      expect(found.model).toBe(name);
      expect(found.environment).toEqual(environment);
      // timm has two networks of the same names and shapes
      expect(found.notice?.includes('padding=both')).toBe(name === 'efficientnet-lite0' ? true : undefined);
      const network = models().models![name]!.create(found.options, environment);
      const own = models().models![name]!.create(options, environment);
      expect(network.summary(environment.input)).toEqual(own.summary(environment.input));

      const { variables, map } = importInto(network, environment.input, dictOf(tensors));
      expect(map).toBe('torch');
      const { params } = loadVariables(variables);
      const [deep, kernel] = Object.entries(params).find(
        ([, { shape }]) => shape.length === 4 && shape[3] === 1 && shape[0]! > 1,
      )!;
      const theirs = tensors[`${prefix}${deep.replaceAll('/', '.').replace(/weights$/, 'weight')}`]!;
      const [height, width, channels] = kernel.shape as [number, number, number];
      // [H, W, C, 1] from [C, 1, H, W]: the pixel (1, 2) of channel 1
      expect(kernel.data[(1 * width + 2) * channels + 1]).toBe(theirs.data[(1 * height + 1) * width + 2]);
    },
  );

  it('of other widths, or with squeeze-excite, are not taken for them', () => {
    const environment = { input: [224, 224, 3], classes: 7 } as const;
    const tensors = saved('efficientnet-lite0', { width: 0.25 }, environment);
    const squeezing = { ...tensors, 'blocks.0.0.se.conv_reduce.weight': tensors['conv_stem.weight']! };
    const wider = { ...tensors, 'blocks.3.0.bn1.weight': tensors['conv_stem.weight']! };
    for (const dict of [squeezing, wider]) {
      expect(() => recognizeTorch(dict)).toThrow(expect.objectContaining({ code: 'ANC_WEIGHTS' }));
    }
  });
});
