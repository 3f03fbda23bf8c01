import { type GraphPass, poolChannelsLast, poolConvInPhases, runPasses, traceStep } from '@anc/compiler';
import {
  EagerBackend,
  mapTree,
  specOf,
  type Backend,
  type HostTensor,
  type Step,
  type Tree,
} from '@anc/core';
import '@tensorflow/tfjs-backend-cpu';
import { relativeError } from '@anc/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend } from '../src/index.js';
import { operators } from './operators.js';
import { random } from './kernel-cases.js';

interface Shape {
  readonly side: number;
  readonly channels: number;
  readonly size: number;
  readonly pad: 'same' | 'valid';
  readonly window: number;
  readonly filters?: number;
}

/** One step that replaces the weights of a pooled convolution by their gradients. */
const gradientStep = ({ pad, window }: Shape): Step => ({
  id: `pooled ${pad} ${window}`,
  phases: [
    {
      name: 'all',
      gradients: ({ w, b }, { x }) => {
        const loss = (filter: tf.Tensor, bias: tf.Tensor): tf.Scalar => {
          const y = tf.add(tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, pad), bias);
          const pooled = tf.maxPool(tf.relu(y as Tensor4D), window, window, 'valid');
          const growing = tf.reshape(tf.add(tf.mul(tf.range(0, pooled.size), 0.01), 0.5), pooled.shape);
          return tf.sum(tf.mul(pooled, growing));
        };
        const [dw, db] = tf.grads(loss)([w!, b as Tensor1D]);
        return { grads: { w: dw!, b: db! }, stats: {}, metrics: { loss: loss(w!, b!) } };
      },
      update: (_state, grads) => grads,
    },
  ],
});

const shapes: readonly Shape[] = [
  { side: 8, channels: 1, size: 3, pad: 'same', window: 2 },
  { side: 10, channels: 3, size: 3, pad: 'valid', window: 2 },
  { side: 9, channels: 2, size: 4, pad: 'same', window: 3 },
  { side: 6, channels: 9, size: 3, pad: 'same', window: 3 },
  { side: 6, channels: 16, size: 3, pad: 'same', window: 2, filters: 16 },
];

const operations = (
  step: Step,
  state: Tree<HostTensor>,
  batch: Tree<HostTensor>,
  list: readonly GraphPass[] = [poolConvInPhases, poolChannelsLast],
): [before: string[], after: string[]] => {
  const traced = traceStep(step, {
    state: mapTree(state, specOf),
    batch: mapTree(batch, specOf),
    hyper: [],
  });
  const { graph, outputs } = traced;
  return [operators(graph, outputs), operators(graph, runPasses(traced, list).outputs)];
};

async function result(
  backend: Backend,
  step: Step,
  state: Tree<HostTensor>,
  batch: Tree<HostTensor>,
): Promise<Tree<HostTensor>> {
  const compiled = await backend.compile(step, {
    state: mapTree(state, specOf),
    batch: mapTree(batch, specOf),
    hyper: [],
  });
  const device = await backend.upload(state);
  await compiled.run(device, { batch, hyper: {}, noise: { seed: 1, step: 0 } });
  const read = await device.read();
  await compiled.dispose();
  await device.dispose();
  return read;
}

describe('a max-pool over a convolution', () => {
  let onnx: OnnxBackend;
  const eager = new EagerBackend('cpu');
  beforeAll(async () => {
    onnx = await OnnxBackend.create();
  });
  afterAll(async () => {
    await onnx.dispose();
  });

  for (const shape of shapes) {
    for (const kind of ['normal', 'coarse'] as const) {
      it(`${shape.window}×${shape.window}, ${shape.pad}, ${shape.channels} channels, ${kind} values: same gradients, no positions`, async () => {
        const { side, channels, size, filters = 4 } = shape;
        const state = { w: random([size, size, channels, filters], kind), b: random([filters], kind) };
        const batch = { x: random([3, side, side, channels], kind) };
        const step = gradientStep(shape);
        const [before, after] = operations(step, state, batch);
        expect(before).toContain('MaxUnpool');
        expect(after).not.toContain('MaxUnpool');
        expect(after).not.toContain('MaxPool');
        const [found, wanted] = [
          await result(onnx, step, state, batch),
          await result(eager, step, state, batch),
        ];
        for (const name of ['w', 'b'])
          expect(relativeError(found[name]!, wanted[name]!), name).toBeLessThan(1e-5);
      });
    }
  }

  it('is not computed in phases where something else reads the convolution', () => {
    const shape = shapes[0]!;
    const plain = gradientStep(shape);
    const step: Step = {
      id: 'read twice',
      phases: [
        {
          ...plain.phases[0]!,
          update: (_state, grads) => grads,
          gradients: (state, batch, hyper, ctx) => {
            const found = plain.phases[0]!.gradients(state, batch, hyper, ctx);
            const y = tf.add(
              tf.conv2d(batch['x'] as Tensor4D, state['w'] as Tensor4D, 1, 'same'),
              state['b']!,
            );
            return { ...found, metrics: { ...found.metrics, mean: tf.mean<tf.Scalar>(y) } };
          },
        },
      ],
    };
    const state = { w: random([3, 3, 1, 4]), b: random([4]) };
    const batch = { x: random([3, 8, 8, 1]) };
    expect(operations(step, state, batch, [poolConvInPhases])[1]).toContain('MaxUnpool');
    expect(operations(step, state, batch)[1]).not.toContain('MaxUnpool');
  });
});
