import {
  runPasses,
  traceFunction,
  traceStep,
  type Graph,
  type NamedValue,
  type TargetOptions,
} from '@anc/compiler';
import { sizeOf, specOf, type HostTensor, type LeafSpec, type TensorFunction } from '@anc/core';
import { toySpec } from '@anc/testing/toy';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend } from '../src/index.js';
import { nodesOf } from './operators.js';
import { roundedOnProcessor } from './rounded-on-processor.js';
import { residualStudent, toyStep } from './toy-steps.js';

type Product = (a: Tensor, b: Tensor) => Tensor;

/** Products of every kind, with the shapes of their operands. */
const products: Readonly<Record<string, readonly [readonly number[], readonly number[], Product]>> = {
  'a matrix product': [[37, 50], [50, 35], (a, b) => tf.matMul(a, b)],
  'a product of transposed matrices': [[50, 37], [35, 50], (a, b) => tf.matMul(a, b, true, true)],
  'products of stacks of matrices': [[3, 37, 50], [3, 35, 50], (a, b) => tf.matMul(a, b, false, true)],
  'a convolution': [
    [2, 7, 9, 5],
    [3, 3, 5, 34],
    (a, b) => tf.conv2d(a as Tensor4D, b as Tensor4D, 2, 'same'),
  ],
  'a convolution of gray images': [[2, 7, 9, 1], [3, 3, 1, 8], (a, b) => tf.conv2d(a as Tensor4D, b as Tensor4D, 1, 'same')], // prettier-ignore
  'the gradient of a convolution by its input': [
    [2, 4, 5, 34],
    [3, 3, 5, 34],
    (a, b) => tf.grad((x) => tf.conv2d(x as Tensor4D, b as Tensor4D, 2, 'same'))(tf.zeros([2, 7, 9, 5]), a),
  ],
  'the same at stride 1': [
    [2, 7, 9, 34],
    [3, 3, 5, 34],
    (a, b) => tf.grad((x) => tf.conv2d(x as Tensor4D, b as Tensor4D, 1, 'same'))(tf.zeros([2, 7, 9, 5]), a),
  ],
  'the gradient of a convolution by its filter': [
    [2, 7, 9, 5],
    [2, 4, 5, 34],
    (a, b) => tf.grad((w) => tf.conv2d(a as Tensor4D, w as Tensor4D, 2, 'same'))(tf.zeros([3, 3, 5, 34]), b),
  ],
};

const FLOAT16 = { precision: 'float16', trainingPrecision: 'float16' } as const;

let half: OnnxBackend;
let single: OnnxBackend;
beforeAll(async () => {
  const options = { runtime: 'node', threads: 1, graphOptimizationLevel: 'disabled' } as const;
  half = await OnnxBackend.create({ ...options, ...FLOAT16 }, { passes: [roundedOnProcessor] });
  single = await OnnxBackend.create({ runtime: 'node', threads: 1 });
});
afterAll(async () => {
  await half.dispose();
  await single.dispose();
});

const sines = (shape: readonly number[], phase: number, factor = 1): HostTensor => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => factor * Math.sin(1.7 * i * i + phase)),
});

async function valueOf(
  backend: OnnxBackend,
  product: Product,
  a: HostTensor,
  b: HostTensor,
): Promise<Float32Array> {
  const f = await backend.compileFunction((t) => ({ value: product(t['a']!, t['b']!) }), {
    id: 'product',
    inputs: { a: specOf(a), b: specOf(b) },
  });
  const { value } = await f.run({ a, b });
  await f.dispose();
  return value!.data as Float32Array;
}

/** Powers of two far outside of float16's range, also of its products. */
const FACTORS = [
  [2 ** -60, 1],
  [1, 2 ** 50],
  [2 ** 40, 2 ** -70],
] as const;

const largestOf = (values: Float32Array): number =>
  values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

describe.each(Object.entries(products))('float16: %s', (_, [aShape, bShape, product]) => {
  it('rounds operands to 11 bits, whatever their scale', async () => {
    const [a, b] = [sines(aShape, 1), sines(bShape, 2)];
    const [rounded, exact] = [await valueOf(half, product, a, b), await valueOf(single, product, a, b)];
    const error = largestOf(rounded.map((x, i) => x - exact[i]!)) / largestOf(exact);
    expect(error).toBeGreaterThan(1e-5);
    expect(error).toBeLessThan(1e-3);
    for (const [left, right] of FACTORS) {
      const scaled = await valueOf(half, product, sines(aShape, 1, left), sines(bShape, 2, right));
      expect(scaled).toEqual(rounded.map((x) => x * left * right));
    }
  });

  it('is zero where an operand is, and not finite where one is not', async () => {
    const [a, b] = [sines(aShape, 1), sines(bShape, 2)];
    const filled = (value: number): HostTensor => ({
      shape: aShape,
      data: a.data.map(() => value),
    });
    expect(largestOf(await valueOf(half, product, filled(0), b))).toBe(0);
    expect(largestOf(await valueOf(half, product, filled(2 ** -149), b))).toBeLessThan(2 ** -120);
    for (const value of [Infinity, NaN]) {
      const found = await valueOf(half, product, filled(value), b);
      expect(found.some(Number.isFinite)).toBe(false);
    }
  });

  it('does not overflow where every term is as large as it can be', async () => {
    const ones = (shape: readonly number[], value: number): HostTensor => ({
      shape,
      data: new Float32Array(sizeOf(shape)).fill(value),
    });
    for (const value of [1, 2 - 2 ** -23, 1.5 * 2 ** 57]) {
      const [a, b] = [ones(aShape, value), ones(bShape, value)];
      const [found, exact] = [await valueOf(half, product, a, b), await valueOf(single, product, a, b)];
      for (const [i, x] of found.entries()) expect(Math.abs(x / exact[i]! - 1)).toBeLessThan(1e-3);
    }
  });
});

describe('float16', () => {
  it('sums 131,072 terms of the same size', async () => {
    const ones = (shape: readonly number[]): HostTensor => ({
      shape,
      data: new Float32Array(sizeOf(shape)).fill(1.99),
    });
    const gradient: Product = (a, b) =>
      tf.grad((w) => tf.conv2d(a as Tensor4D, w as Tensor4D, 1, 'valid'))(tf.zeros([1, 1, 2, 3]), b);
    const found = await valueOf(half, gradient, ones([128, 32, 32, 2]), ones([128, 32, 32, 3]));
    for (const value of found) expect(value / (131072 * 1.99 ** 2)).toBeCloseTo(1, 2);
  });

  it('keeps what is small beside one huge element as far as float16 goes', async () => {
    const a: HostTensor = { shape: [2, 4], data: Float32Array.of(2 ** 100, 1, 1, 1, 2 ** 90, 2 ** 85, 0, 0) };
    const b: HostTensor = { shape: [4, 1], data: Float32Array.of(0, 1, 1, 1) };
    expect([...(await valueOf(half, tf.matMul as Product, a, b))]).toEqual([0, 2 ** 85]);
  });

  it('is no NaN where results of large operands are zero', async () => {
    const a: HostTensor = { shape: [1, 2], data: Float32Array.of(2 ** 120, 0) };
    const b: HostTensor = { shape: [2, 1], data: Float32Array.of(0, 2 ** 120) };
    expect([...(await valueOf(half, tf.matMul as Product, a, b))]).toEqual([0]);
  });

  it('is beside float32 in one process, and computes where ONNX Runtime optimizes the graph', async () => {
    const optimized = await OnnxBackend.create({ ...FLOAT16, runtime: 'node', threads: 1 }, { passes: [] });
    const [a, b] = [sines([37, 50], 1), sines([50, 35], 2)];
    const product: Product = (x, y) => tf.matMul(x, y);
    const [found, exact] = [await valueOf(optimized, product, a, b), await valueOf(single, product, a, b)];
    expect(largestOf(found.map((x, i) => x - exact[i]!)) / largestOf(exact)).toBeLessThan(1e-3);
    await optimized.dispose();
  });

  it('leaves no product of a step or a network in float32, except depthwise ones', () => {
    const target: TargetOptions = { accelerated: true, products: 'float16' };
    const toy = toyStep({ student: residualStudent() });
    const step = traceStep(toy.step, toySpec(toy), target);
    expect(multipliedIn(step.graph, runPasses(step).outputs)).toEqual(['float16']);

    const network: TensorFunction = ({ x, w, d, m }) => {
      const y = tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same');
      const z = tf.depthwiseConv2d(y, d as Tensor4D, 1, 'same');
      return { y: tf.matMul(tf.reshape(z, [2, -1]), m!) };
    };
    const inputs = { x: leaf(2, 8, 8, 3), w: leaf(3, 3, 3, 4), d: leaf(3, 3, 4, 1), m: leaf(256, 5) };
    const traced = traceFunction(network, { id: 'network', inputs }, {}, target);
    const types = multipliedIn(traced.graph, runPasses(traced).outputs);
    expect(types).toEqual(['float16', 'float32, depthwise']);
  });
});

const leaf = (...shape: number[]): LeafSpec => ({ shape, dtype: 'float32' });

const PRODUCTS = new Set(['Conv', 'ConvTranspose', 'MatMul', 'Gemm', 'FusedMatMul']);

/** What the products of a graph multiply, each kind once. */
function multipliedIn(graph: Graph, outputs: readonly NamedValue[]): string[] {
  const found = nodesOf(graph, outputs).filter(({ op }) => PRODUCTS.has(op));
  const kinds = found.map(({ op, inputs: [a, b] }) =>
    op.startsWith('Conv') && b!.shape[1] === 1 ? `${a!.type}, depthwise` : a!.type,
  );
  return [...new Set(kinds)].sort();
}
