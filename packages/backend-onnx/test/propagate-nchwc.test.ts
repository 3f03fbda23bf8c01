import '@tensorflow/tfjs-backend-cpu';
import { NCHWC_DOMAIN, type Node, propagateNchwc, runPasses, traceStep } from '@anc/compiler';
import { batchNorm, EagerBackend, filled, mapTree, Rng, specOf, type HostTensor, type Step } from '@anc/core';
import { relativeError } from '@anc/testing';
import { runToySteps, toySpec, toyStateErrors } from '@anc/testing/toy';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend } from '../src/index.js';
import { nodesOf } from './operators.js';
import { random } from './kernel-cases.js';
import { residualStudent, toyStep, wideTask } from './toy-steps.js';

let onnx: OnnxBackend;
const eager = new EagerBackend('cpu');

beforeAll(async () => {
  onnx = await OnnxBackend.create();
});
afterAll(async () => {
  await onnx.dispose();
});

describe('a step in NCHWc layout', () => {
  const toy = toyStep({ task: wideTask, student: residualStudent(wideTask, 16) });

  it('matches the eager one: residual blocks, strides, projections', async () => {
    const [found, wanted] = [await runToySteps(onnx, toy, 1), await runToySteps(eager, toy, 1)];
    for (const [name, error] of Object.entries(toyStateErrors(toy, found.state, wanted.state))) {
      expect(error, name).toBeLessThan(1e-4);
    }
  });

  it('leaves the layout only where another one is needed', () => {
    const traced = traceStep(toy.step, toySpec(toy), { channelBlock: 16 });
    const { graph, outputs } = traced;
    const rewritten = runPasses(traced, [propagateNchwc]).outputs;
    const [before, after] = [nodesOf(graph, outputs), nodesOf(graph, rewritten)];
    const count = (nodes: Node[], op: string, domain = ''): number =>
      nodes.filter((node) => node.op === op && node.domain === domain).length;

    expect(count(before, 'ReorderOutput', NCHWC_DOMAIN)).toBeGreaterThan(10);
    expect(count(after, 'ReorderOutput', NCHWC_DOMAIN)).toBeLessThan(
      count(before, 'ReorderOutput', NCHWC_DOMAIN),
    );
    const images = (op: string): number =>
      after.filter(({ op: name, outputs }) => name === op && outputs[0]!.shape.length === 4).length;
    expect(images('Relu')).toBe(0);
    const rectifying = after.filter(({ attributes }) => attributes['activation'] === 'Relu');
    expect(rectifying).toHaveLength(count(before, 'Relu') - count(after, 'Relu'));
    const adding = after.filter(
      ({ op, domain, inputs }) => op === 'Conv' && domain === NCHWC_DOMAIN && inputs.length === 4,
    );
    expect(adding.length).toBeGreaterThan(4);
    const backAndForth = after.filter(
      ({ op, inputs }) =>
        op === 'ReorderInput' &&
        inputs[0]!.source.kind === 'node' &&
        inputs[0]!.source.node.op === 'ReorderOutput',
    );
    expect(backAndForth).toEqual([]);
  });
});

/** One step that computes `f` of a convolution's output and leaves the result in its state. */
const computing = (id: string, f: (x: Tensor4D) => tf.Tensor): Step => ({
  id,
  phases: [
    {
      name: 'all',
      gradients: ({ w }, { x }) => {
        const y = tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same');
        return { grads: { result: f(y) }, stats: {}, metrics: {} };
      },
      update: (_state, { result }) => ({ result: result! }),
    },
  ],
});

async function resultOf(
  backend: OnnxBackend | EagerBackend,
  step: Step,
  x: HostTensor,
  w: HostTensor,
  shape: number[],
): Promise<HostTensor> {
  const state = { w, result: filled(shape) };
  const compiled = await backend.compile(step, {
    state: mapTree(state, specOf),
    batch: { x: specOf(x) },
    hyper: [],
  });
  const device = await backend.upload(state);
  await compiled.run(device, { batch: { x }, hyper: {}, noise: { seed: 0, step: 0 } });
  const found = await device.read();
  await compiled.dispose();
  await device.dispose();
  return found['result']!;
}

describe('operations in NCHWc layout', () => {
  const x = random([4, 6, 6, 16]);
  const w = random([3, 3, 16, 32]);
  const PLANES = [0, 1, 2];
  const vector = tf.linspace(-1, 2, 32);
  const cases: readonly [string, number[], (y: Tensor4D) => tf.Tensor][] = [
    ['numbers per channel', [4, 6, 6, 32], (y) => tf.sub(tf.add(tf.mul(y, vector), 2), vector)],
    ['a vector minus an image', [4, 6, 6, 32], (y) => tf.sub(vector, y)],
    ['quotients', [4, 6, 6, 32], (y) => tf.div(y, tf.add(tf.abs(y), 1))],
    ['an image plus itself', [4, 6, 6, 32], (y) => tf.add(y, y)],
    ['sums over a plane', [4, 32], (y) => tf.sum(y, [1, 2])],
    ['means over all planes', [32], (y) => tf.mean(y, PLANES)],
    ['sums of products', [32], (y) => tf.sum(tf.mul(y, tf.relu(y)), PLANES)],
    ['sums of products over a plane', [4, 32], (y) => tf.sum(tf.mul(y, tf.sigmoid(y)), [1, 2])],
    ['sums over channels, which NCHWc layout does not help', [4, 6, 6], (y) => tf.sum(y, 3)],
    [
      'a sum of values that are read again',
      [4, 6, 6, 32],
      (y) => {
        const [a, b] = [tf.mul(y, vector), tf.relu(y)];
        return tf.mul(tf.add(a, b), tf.sub(b, a));
      },
    ],
    ['a ReLU of a value that is read again', [4, 6, 6, 32], (y) => tf.add(tf.relu(y), tf.tanh(y))],
    [
      'sums of three',
      [4, 6, 6, 32],
      (y) => tf.add(tf.sigmoid(y), tf.add(tf.mul(y, vector), tf.mul(tf.tanh(y), vector))),
    ],
    [
      'variances',
      [32],
      (y) => {
        const mean = tf.mean(y, PLANES);
        return tf.mean(tf.squaredDifference(y, mean), PLANES);
      },
    ],
    [
      'deviations from the mean of each image',
      [32],
      (y) => {
        const mean = tf.mean(y, [1, 2], true);
        return tf.mean(tf.squaredDifference(y, mean), PLANES);
      },
    ],
  ];
  for (const [name, shape, f] of cases) {
    it(name, async () => {
      const step = computing(name, f);
      const wanted = await resultOf(eager, step, x, w, shape);
      expect(relativeError(await resultOf(onnx, step, x, w, shape), wanted)).toBeLessThan(1e-5);
    });
  }

  it.each([
    [1, 0],
    [16, 0],
    [1, 0.5],
  ])('normalizes with %i offsets and a mean of %f', async (offsets, mean) => {
    const step = computing(`offsets ${offsets} mean ${mean}`, (y) =>
      tf.batchNorm(y, tf.fill([16], mean), tf.ones([16]), tf.fill([offsets], 0.3), tf.fill([16], 2)),
    );
    const [x, w] = [random([16, 6, 6, 16]), random([3, 3, 16, 16])];
    const shape = [16, 6, 6, 16];
    const wanted = await resultOf(eager, step, x, w, shape);
    expect(relativeError(await resultOf(onnx, step, x, w, shape), wanted)).toBeLessThan(1e-5);
  });

  it('normalizes channels whose mean is far from zero, and constant ones', async () => {
    const rng = Rng.fromSeed(1);
    const far: HostTensor = {
      shape: [16, 6, 6, 16],
      // Channel 0 is constant; the others have a mean 50 times their deviation.
      data: Float32Array.from({ length: 16 * 36 * 16 }, (_, i) => (i % 16 === 0 ? 3 : 50 + rng.normal())),
    };
    const identity: HostTensor = {
      shape: [3, 3, 16, 16],
      data: Float32Array.from({ length: 9 * 256 }, (_, i) =>
        Number(Math.floor(i / 256) === 4 && (i % 256) % 17 === 0),
      ),
    };
    const layer = batchNorm('bn');
    const { params, stats } = layer.init(rng, [6, 6, 16]);
    const step = computing('far', (y) => {
      const tensors = (tree: typeof params): Record<string, tf.Tensor> =>
        mapTree(tree, ({ data, shape }) => tf.tensor(data as Float32Array, [...shape]));
      const { output } = layer.apply({ params: tensors(params), stats: tensors(stats) }, y, {
        training: true,
        noise: () => tf.scalar(0),
        activation: (_name, value) => value,
      });
      return output;
    });
    const shape = [16, 6, 6, 16];
    const wanted = await resultOf(eager, step, far, identity, shape);
    const found = await resultOf(onnx, step, far, identity, shape);
    expect(found.data.every(Number.isFinite)).toBe(true);
    let worst = 0;
    wanted.data.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - found.data[i]!))));
    expect(worst).toBeLessThan(2e-3);
  });
});
