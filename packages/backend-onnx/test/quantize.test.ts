import {
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  globalAveragePool,
  LayeredClassifier,
  relu,
  Rng,
  tap,
  type HostTensor,
  type Tree,
} from '@anc/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportOnnx, foldConstants, OnnxBackend, OnnxTeacher, quantizeOnnx } from '../src/index.js';
import { decodeModel, graphOf } from '../src/onnx-model/proto.js';
import { task } from './toy-steps.js';

const { image } = task;

let backend: OnnxBackend;
beforeAll(async () => {
  backend = await OnnxBackend.create({ runtime: 'web', threads: 1 });
});
afterAll(() => backend.dispose());

const student = new LayeredClassifier('post-activation', 4, [
  conv2d('conv1', { kernelSize: 3, filters: 6, bias: false }),
  batchNorm('norm1'),
  relu('relu1'),
  depthwiseConv2d('depthwise', { kernelSize: 3, stride: 2, padding: 1 }),
  batchNorm('norm2'),
  relu('relu2'),
  conv2d('conv2', { kernelSize: 1, filters: 8 }),
  batchNorm('norm3'),
  relu('relu3'),
  globalAveragePool(),
  tap('features'),
  dense('logits', { units: 4 }),
]);
const rng = Rng.fromSeed(4);

/** A student with batch statistics as after training, exported with bytes as input. */
function exported(): Uint8Array {
  const { params, stats } = student.init(Rng.fromSeed(1), image);
  const trained = Object.fromEntries(
    Object.entries(stats).map(([name, { shape, data }]): [string, HostTensor] => [
      `stats/${name}`,
      {
        shape,
        data: Float32Array.from(data, () => (name.endsWith('variance') ? 1 + rng.uniform() : rng.normal())),
      },
    ]),
  );
  const constants = {
    ...Object.fromEntries(Object.entries(params).map(([name, host]) => [`params/${name}`, host])),
    ...trained,
  };
  return exportOnnx(
    (tensors, context) => {
      const under = (prefix: string) =>
        Object.fromEntries(
          Object.entries(tensors).flatMap(([name, t]) =>
            name.startsWith(prefix) ? [[name.slice(prefix.length), t]] : [],
          ),
        );
      const variables = { params: under('params/'), stats: under('stats/') };
      return { logits: student.apply(variables, tensors['images']!, context).outputs.logits };
    },
    { id: 'student', inputs: { images: { shape: [1, ...image], dtype: 'uint8' } } },
    { constants },
  );
}

const bytes = (count: number): HostTensor => ({
  shape: [count, ...image],
  data: Uint8Array.from({ length: count * 288 }, () => rng.int(256)),
});

async function logitsOf(model: Uint8Array, images: HostTensor): Promise<Float32Array> {
  const shape = [12, 12, 2] as const;
  const teacher = await OnnxTeacher.create(backend, model, {
    shown: 'm.onnx',
    images: shape,
    options: { layout: 'nhwc' },
  });
  const { logits }: Tree<HostTensor> = await teacher.infer(images, ['logits']);
  await teacher.dispose();
  return logits!.data as Float32Array;
}

const operations = (model: Uint8Array): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { opType } of graphOf(decodeModel(model, 'm')).node) {
    counts[opType ?? ''] = (counts[opType ?? ''] ?? 0) + 1;
  }
  return counts;
};

describe('foldConstants', () => {
  it('leaves no transposed weights, no batch norm after a convolution, and the same logits', async () => {
    const [model, images] = [exported(), bytes(3)];
    const folded = foldConstants(model);
    expect(operations(model)['BatchNormalization']).toBeGreaterThan(0);
    expect(operations(folded)['BatchNormalization']).toBeUndefined();
    expect(operations(folded)['Transpose']).toBeLessThanOrEqual(1); // of the images
    const wanted = await logitsOf(model, images);
    const scale = Math.max(...wanted.map(Math.abs));
    (await logitsOf(folded, images)).forEach((value, i) =>
      expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-5 * scale),
    );
  });
});

describe('quantizeOnnx', () => {
  it('gives nearly the same logits with 8-bit weights', async () => {
    const model = foldConstants(exported());
    const images = bytes(8);
    const small = await quantizeOnnx(backend, model, [{ images }, { images: bytes(8) }]);
    const { QuantizeLinear, DequantizeLinear, Conv } = operations(small);
    expect(QuantizeLinear).toBeGreaterThanOrEqual(Conv!);
    expect(DequantizeLinear).toBeGreaterThan(QuantizeLinear!);
    const float = graphOf(decodeModel(small, 'm')).initializer.filter(
      ({ dataType, dims }) => dataType === 1 && (dims?.length ?? 0) >= 2,
    );
    expect(float).toEqual([]); // no 32-bit weights are left
    const wanted = await logitsOf(model, images);
    const scale = Math.max(...wanted.map(Math.abs));
    const found = await logitsOf(small, images);
    const worst = Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!)));
    expect(worst).toBeLessThan(0.05 * scale);
    expect(worst).toBeGreaterThan(0);
  });
});
