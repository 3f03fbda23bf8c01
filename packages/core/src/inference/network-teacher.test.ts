import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { CompiledFunction } from '../contracts/backend.js';
import type { ClassifierOutputs, Network } from '../contracts/network.js';
import type { FunctionSpec, TensorFunction } from '../contracts/step.js';
import { EagerBackend } from '../eager/eager-backend.js';
import { normalizedNetwork } from '../layers/normalized-network.js';
import type { HostTensor, Tree } from '../tree/tree.js';
import { compileClassifier, liveTeacher, NetworkTeacher, outputShapes } from './network-teacher.js';

/** Counts what it compiles. */
class CountingBackend extends EagerBackend {
  readonly specs: FunctionSpec[] = [];
  override readonly cache: number | null;

  constructor(cache: number | null = null) {
    super('cpu');
    this.cache = cache;
  }

  override compileFunction(
    f: TensorFunction,
    spec: FunctionSpec,
    constants?: Tree<HostTensor>,
  ): Promise<CompiledFunction> {
    this.specs.push(spec);
    return super.compileFunction(f, spec, constants);
  }
}

/** features = x · scale + shift, by a parameter and a statistic; logits = their sum; x: [B, 1, 1, 2]. */
const network: Network<ClassifierOutputs> = {
  name: 'toy',
  init: () => ({ params: {}, stats: {} }),
  summary: () => [{ name: 'features', output: [1000], parameters: 1, flops: 0 }],
  apply({ params, stats }, x, context) {
    expect(context.training).toBe(false);
    const features = tf.add(tf.mul(tf.reshape(x, [-1, 2]), params.scale!), stats.shift!);
    return { outputs: { features, logits: tf.sum(features, 1, true) }, stats: {} };
  },
};
const variables = {
  params: { scale: { shape: [], data: Float32Array.of(10) } },
  stats: { shift: { shape: [], data: Float32Array.of(1) } },
};
const input = [1, 1, 2];
const images = (...bytes: number[]): HostTensor => ({
  shape: [bytes.length / 2, 1, 1, 2],
  data: Uint8Array.from(bytes),
});
const create = (backend = new CountingBackend(), digest = 'abc') =>
  NetworkTeacher.create({ backend, network, variables, input, digest });

describe('NetworkTeacher', () => {
  it('knows the shapes of its outputs and gives the ones that are named', async () => {
    const teacher = await create();
    expect(teacher.outputs).toEqual({ features: [2], logits: [1] });
    expect(await teacher.infer(images(1, 2, 3, 4), ['logits'])).toEqual({
      logits: { shape: [2, 1], data: Float32Array.of(32, 72) },
    });
    const both = await teacher.infer(images(0, 1), ['features', 'logits']);
    expect(both.features).toEqual({ shape: [1, 2], data: Float32Array.of(1, 11) });
  });

  it('compiles once for each batch size and set of outputs', async () => {
    const backend = new CountingBackend();
    const teacher = await create(backend);
    backend.specs.length = 0;
    await teacher.infer(images(1, 2), ['logits']);
    await teacher.infer(images(3, 4), ['logits']);
    expect(backend.specs).toHaveLength(1);
    await teacher.infer(images(1, 2, 3, 4), ['logits']);
    await teacher.infer(images(1, 2), ['features']);
    expect(backend.specs).toHaveLength(3);
    await teacher.dispose();
  });

  it('lists its outputs where one is unknown', async () => {
    await expect((await create()).infer(images(1, 2), ['block1'])).rejects.toMatchObject({
      code: 'ANC_TEACHER_OUTPUT',
      detail: { expected: 'one of features, logits' },
    });
  });

  it('has a hash that changes with weights, network and backend', async () => {
    const other = (name: string): Promise<NetworkTeacher> =>
      NetworkTeacher.create({
        backend: new CountingBackend(),
        network: { ...network, name },
        variables,
        input,
        digest: 'abc',
      });
    const hashes = await Promise.all([create(), create(undefined, 'def'), other('other')]);
    expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(3);
    expect((await create()).hash).toBe(hashes[0].hash);
  });

  it('gives its backend examples of the shape that it compiles for, and has another hash with them', async () => {
    const [plain, calibrated] = [await create(), await create()];
    const given: (readonly number[])[][] = [];
    const { backend } = calibrated.options;
    const compile = backend.compileFunction.bind(backend);
    backend.compileFunction = (f, spec, constants, options = {}) => {
      given.push((options.examples ?? []).map(({ images: each }) => Array.from(each!.data)));
      return compile(f, spec, constants, options);
    };
    calibrated.calibrate({ shape: [3, ...input], data: Uint8Array.of(1, 2, 3, 4, 5, 6) }, 'three images');
    const two = images(7, 8, 9, 10);
    expect(await calibrated.infer(two, ['logits'])).toEqual(await plain.infer(two, ['logits']));
    // the first image again, so that the last batch is full
    expect(given).toEqual([
      [
        [1, 2, 3, 4],
        [5, 6, 1, 2],
      ],
    ]);
    expect(calibrated.hash).not.toBe(plain.hash);
  });

  it('keeps the hash of a normalized network that caches of earlier versions are keyed by', async () => {
    const normalized = normalizedNetwork(network, { mean: [1], std: [2] });
    const teacher = await NetworkTeacher.create({
      backend: new CountingBackend(),
      network: normalized,
      variables,
      input,
      digest: 'abc',
    });
    expect(teacher.name).toBe('normalized(toy, {"mean":[1],"std":[2]})');
    const [name, digest, backend] = JSON.parse(teacher.hash) as string[];
    const [kind] = name!.split('(');
    expect([kind, digest, backend]).toEqual(['standardised', 'abc', 'tfjs:cpu']);
    expect(name!.slice(kind!.length)).toBe('(toy, {"mean":[1],"std":[2]})');
  });
});

describe('compileClassifier', () => {
  const bytes = Array.from({ length: 128 }, (_, i) => i);

  it('runs a batch in chunks that the caches of the backend hold, with the same outputs', async () => {
    const [whole, chunked] = [new CountingBackend(), new CountingBackend(16 * 4 * 1000)];
    const outputs = await Promise.all(
      [whole, chunked].map(async (backend) => {
        const compiled = await compileClassifier({ backend, network, variables }, [64, ...input], null);
        return compiled.run({ images: images(...bytes) });
      }),
    );
    expect(outputs[1]).toEqual(outputs[0]);
    expect(whole.specs[0]!.inputs.images!.shape).toEqual([64, 1, 1, 2]);
    expect(chunked.specs[0]!.inputs.images!.shape).toEqual([16, 1, 1, 2]);
  });
});

describe('outputShapes', () => {
  it('are without the batch axis, and leave no tensor behind', async () => {
    const backend = new CountingBackend();
    const before = tf.memory().numTensors;
    expect(await outputShapes({ backend, network, variables }, input)).toEqual({
      features: [2],
      logits: [1],
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('liveTeacher', () => {
  it('computes the outputs of every batch', async () => {
    const batch = {
      indices: Int32Array.of(4, 5),
      views: new Int32Array(2),
      images: Uint8Array.of(1, 2, 3, 4),
    };
    const { logits } = await liveTeacher(await create(), input).outputs(batch, ['logits']);
    expect([...logits!.data]).toEqual([32, 72]);
  });
});
