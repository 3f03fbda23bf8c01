import {
  isAncError,
  mergeTrees,
  prefixTree,
  Rng,
  subtree,
  type Backend,
  type ClassifierOutputs,
  type HostTensor,
  type Network,
  type Tree,
  type Variables,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Composition } from '../src/composition/compose.js';
import { loadComposition } from '../src/plugins/load-composition.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Every kind of layer that the built-in networks are made of: small, since plain JavaScript computes them too. */
const MODELS = [
  ['resnet', { depth: 8, width: 0.25 }],
  ['resnet', { depth: 11, width: 0.25, block: 'bottleneck', variant: 'v1', shortcut: 'projection' }],
  ['resnet', { depth: 18, width: 0.0625, family: 'imagenet' }],
  ['mobilenet', { width: 0.0625 }],
  ['mobilenet-v3-small', { width: 0.0625 }],
  ['lenet5', {}],
  ['cnn', { widths: [4, 6], batchNorm: true, features: 8 }],
] as const;
const ENVIRONMENT = { input: [28, 28, 1], classes: 10 } as const;

/** Backends that every machine has; the others are compared where they start. */
const ALWAYS = ['onnx', 'tfjs:cpu', 'tfjs:wasm'];
/** ONNX Runtime's other providers run the graphs of `onnx`, and `tfjs` is whichever of its variants is best. */
const isOwn = (name: string): boolean => !name.startsWith('onnx:') && name !== 'tfjs';

let composition: Composition;
const backends = new Map<string, Backend>();

beforeAll(async () => {
  composition = await loadComposition([], process.cwd());
  const { registries } = composition;
  for (const name of registries.backends.names.filter(isOwn)) {
    try {
      backends.set(name, await registries.backends.create({ name, options: {} }, undefined));
    } catch (error) {
      if (!isAncError(error) || ALWAYS.includes(name)) throw error;
    }
  }
});
afterAll(async () => {
  for (const backend of backends.values()) await backend.dispose();
});

const images: HostTensor = {
  shape: [3, ...ENVIRONMENT.input],
  data: ((rng) => Float32Array.from({ length: 3 * 28 * 28 }, () => rng.normal()))(Rng.fromSeed(7)),
};

/** Seeded variables with averages that are not those of an untrained network. */
function trained(network: Network<ClassifierOutputs>): Variables<HostTensor> {
  const { params, stats } = network.init(Rng.fromSeed(1), ENVIRONMENT.input);
  const moved = Object.entries(stats).map(([name, { shape, data }]): [string, HostTensor] => [
    name,
    {
      shape,
      data: Float32Array.from(data, (_, i) => (name.endsWith('variance') ? 0.6 : -0.4) + (i % 5) / 5),
    },
  ]);
  return { params, stats: Object.fromEntries(moved) };
}

async function logitsOf(
  backend: Backend,
  network: Network<ClassifierOutputs>,
  variables: Variables<HostTensor>,
) {
  const compiled = await backend.compileFunction(
    ({ images, ...tensors }, context) => {
      const own = { params: subtree(tensors, 'params'), stats: subtree(tensors, 'stats') };
      return { logits: network.apply(own, images!, context).outputs.logits };
    },
    { id: `same logits ${network.name}`, inputs: { images: { shape: images.shape, dtype: 'float32' } } },
    mergeTrees(prefixTree('params', variables.params), prefixTree('stats', variables.stats)),
  );
  const { logits } = await compiled.run({ images });
  await compiled.dispose();
  return logits!.data;
}

describe('the same weights and images', () => {
  it.each(MODELS)('give the same logits on every backend that is here: %s %o', async (name, options) => {
    const named = { name, options: options as Record<string, never> };
    const network = await composition.registries.models.create(named, ENVIRONMENT);
    const variables = trained(network);
    const [first, ...others] = [...backends];
    expect([...backends.keys()]).toEqual(expect.arrayContaining(ALWAYS));
    const wanted = await logitsOf(first![1], network, variables);
    const scale = Math.max(...wanted.map(Math.abs));
    expect(scale).toBeGreaterThan(0);
    for (const [other, backend] of others) {
      const found = await logitsOf(backend, network, variables);
      const difference = Math.max(...wanted.map((value, i) => Math.abs(found[i]! - value)));
      expect({ other, difference: difference / scale < 1e-5 }).toEqual({ other, difference: true });
    }
  });

  it.each([
    ['depthwise convolutions', 'mobilenet'],
    ['squeeze-excite and hard-swish', 'mobilenet-v3-small'],
    ['channel shuffles', 'shufflenet-v2'],
  ])('give the same gradients of %s', async (_what, name) => {
    const named = { name, options: { width: 0.0625 } };
    const network = await composition.registries.models.create(named, ENVIRONMENT);
    const { params, stats } = trained(network);
    const names = Object.keys(params);
    const gradients = async (backend: Backend): Promise<Tree<HostTensor>> => {
      const compiled = await backend.compileFunction(
        ({ images, ...tensors }, context) => {
          const own = { params: subtree(tensors, 'params'), stats: subtree(tensors, 'stats') };
          const loss = (...leaves: tf.Tensor[]): tf.Scalar => {
            const params = Object.fromEntries(names.map((name, i) => [name, leaves[i]!]));
            const training = { ...context, training: true };
            const { logits } = network.apply({ ...own, params }, images!, training).outputs;
            return tf.mean<tf.Scalar>(tf.square(tf.sub(logits, 1)));
          };
          const found = tf.grads(loss)(names.map((name) => own.params[name]!));
          return Object.fromEntries(found.map((gradient, i) => [names[i]!, gradient]));
        },
        { id: `same gradients ${name}`, inputs: { images: { shape: images.shape, dtype: 'float32' } } },
        mergeTrees(prefixTree('params', params), prefixTree('stats', stats)),
      );
      const found = await compiled.run({ images });
      await compiled.dispose();
      return found;
    };
    const [first, ...others] = [...backends];
    const wanted = await gradients(first![1]);
    const scale = Math.max(...names.flatMap((name) => Array.from(wanted[name]!.data, Math.abs)));
    for (const [other, backend] of others) {
      const found = await gradients(backend);
      for (const name of names) {
        const difference = Math.max(
          ...wanted[name]!.data.map((value, i) => Math.abs(found[name]!.data[i]! - value)),
        );
        expect({ other, name, same: difference / scale < 1e-3, difference, scale }).toMatchObject({
          other,
          name,
          same: true,
        });
      }
    }
  });
});
