import { mapTree, prefixTree, Rng, type HostTensor, type Tree, type Variables } from '@anc/core';
import {
  encodeSafetensors,
  inMemory,
  loadVariables,
  toLazyTensor,
  readStateDict,
  type StateDict,
} from '@anc/formats';
import { describe, expect, it } from 'vitest';
import { cnn, guessEnvironment, importInto, lenet5, resnet, type MapChoice } from '../../src/index.js';

const torchDict = (tensors: Tree<HostTensor>): StateDict => ({
  format: 'torch',
  layout: 'torch',
  tensors: mapTree(tensors, toLazyTensor),
  metadata: {},
});

/** The variables of a network as PyTorch would write them down, under names of its own, layer by layer. */
function asTorch({ params, stats }: Variables<HostTensor>): Record<string, HostTensor> {
  const leaf: Record<string, string> = {
    weights: 'weight',
    gamma: 'weight',
    beta: 'bias',
    mean: 'running_mean',
    variance: 'running_var',
  };
  const entries = Object.entries({ ...params, ...stats }).map(
    ([name, { shape, data }]): [string, HostTensor] => {
      const [layer, own] = [name.slice(0, name.lastIndexOf('/')), name.slice(name.lastIndexOf('/') + 1)];
      const [h, w, i, o] = shape as [number, number, number, number];
      const turned = new Float32Array(data.length);
      if (shape.length === 4) {
        for (let at = 0; at < data.length; at++) {
          const [y, x, a, b] = [
            Math.floor(at / (w * i * o)),
            Math.floor(at / (i * o)) % w,
            Math.floor(at / o) % i,
            at % o,
          ];
          turned[((b * i + a) * h + y) * w + x] = data[at]!;
        }
      } else if (shape.length === 2) {
        for (let at = 0; at < data.length; at++) turned[(at % w) * h + Math.floor(at / w)] = data[at]!;
      } else turned.set(data);
      const theirs = shape.length === 4 ? [o, i, h, w] : shape.length === 2 ? [w, h] : shape;
      return [`net.${layer.replaceAll('/', '_')}.${leaf[own] ?? own}`, { shape: theirs, data: turned }];
    },
  );
  return Object.fromEntries(entries);
}

describe('importInto', () => {
  const input = [16, 16, 3] as const;
  const network = resnet({ depth: 8, width: 0.5, variant: 'v1' }, { classes: 4 });
  const variables = network.init(Rng.fromSeed(3), input);

  /** Read as a whole. */
  const imported = (dict: StateDict, map?: MapChoice) => {
    const found = importInto(network, input, dict, map);
    return { ...found, variables: loadVariables(found.variables) };
  };

  it('reads a file of ours', () => {
    const file = encodeSafetensors({
      ...prefixTree('params', variables.params),
      ...prefixTree('stats', variables.stats),
    });
    expect(imported(readStateDict(inMemory(file)))).toEqual({ variables, map: null, ignored: [] });
  });

  it('pairs variables of unknown names by kind and order', () => {
    expect(imported(torchDict(asTorch(variables)))).toEqual({ variables, map: 'order', ignored: [] });
  });

  it('leaves out what lies beside the network', () => {
    const theirs = { ...asTorch(variables), 'criterion.weight': { shape: [4], data: new Float32Array(4) } };
    expect(imported(torchDict(theirs))).toEqual({ variables, map: 'order', ignored: ['criterion.weight'] });
  });

  it('takes explicit names, with wrappers too', () => {
    const theirs = asTorch(variables);
    const names = Object.keys({ ...variables.params, ...variables.stats });
    const map = Object.fromEntries(
      names.map((name, i) => [name, `module._orig_mod.${Object.keys(theirs)[i]!}`]),
    );
    expect(imported(torchDict(theirs), map).variables).toEqual(variables);
  });

  it('takes explicit names', () => {
    const theirs = asTorch(variables);
    const names = Object.keys({ ...variables.params, ...variables.stats });
    const map = Object.fromEntries(names.map((name, i) => [name, Object.keys(theirs)[i]!]));
    expect(imported(torchDict(theirs), map).variables).toEqual(variables);
    expect(() => imported(torchDict(theirs), { ...map, 'logits/bias': 'nowhere' })).toThrow(
      expect.objectContaining({ code: 'ANC_WEIGHTS', message: expect.stringContaining('nowhere') as string }),
    );
    expect(() => imported(torchDict(theirs), { ...map, 'logits/bias': 'nowhere' })).toThrow(
      expect.objectContaining({
        detail: expect.objectContaining({ received: 'of its shape: net.logits.bias' }) as object,
      }),
    );
    expect(() => imported(torchDict(theirs), { ...map, 'logit/bias': 'fc.bias' })).toThrow(
      expect.objectContaining({
        code: 'ANC_WEIGHTS',
        detail: expect.objectContaining({ received: 'logit/bias' }) as object,
      }),
    );
  });

  it('refuses a network that is far larger than the file, without making it', () => {
    const images = [6000, 6000, 3] as const;
    const large = cnn({ widths: [64], pools: 0, features: 1000 }, { classes: 4 });
    expect(() => importInto(large, images, torchDict(asTorch(variables)))).toThrow(/far too small/);
  });

  it('refuses another network', () => {
    const other = cnn({ widths: [4] }, { classes: 4 });
    expect(() => importInto(other, input, torchDict(asTorch(variables)))).toThrow(
      /differ in the number of their/,
    );
    const wider = resnet({ depth: 8, width: 0.25, variant: 'v1' }, { classes: 4 });
    expect(() => importInto(wider, input, torchDict(asTorch(variables)))).toThrow(/has the shape of/);
    expect(() => imported(torchDict(asTorch(variables)), 'torchvison')).toThrow(/no name map/);
  });
});

describe('guessEnvironment', () => {
  it.each([
    [28, 1, 7],
    [32, 3, 10],
    [64, 3, 5],
  ])('finds images of %d×%d and their classes', async (side, channels, classes) => {
    const environment = { input: [side, side, channels] as const, classes };
    const dict = torchDict(asTorch(lenet5({}, environment).init(Rng.fromSeed(1), environment.input)));
    const found = await guessEnvironment(dict, {}, (guess) =>
      importInto(lenet5({}, guess), guess.input, dict),
    );
    // A padded first convolution at 28 leaves the same shapes as a bare one at 32.
    expect(found.environment).toEqual({
      ...environment,
      input: side === 28 ? [32, 32, 1] : environment.input,
    });
  });

  it('reports what is wrong if nothing fits', async () => {
    const dict = torchDict({ 'a.weight': { shape: [2, 3], data: new Float32Array(6) } });
    await expect(guessEnvironment(dict, {}, () => null)).rejects.toMatchObject({ code: 'ANC_WEIGHTS' });
  });
});
