import '@tensorflow/tfjs-backend-cpu';
import { inference } from '@anc/core/internal';
import type { OnnxAttribute, OnnxConstant } from '@anc/formats';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../src/onnx-network/evaluate.js';
import { laid, natural } from '../../src/onnx-network/values/value.js';
import { drawn, floats, graphWith, integers, node } from './graphs.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Given {
  readonly op: string;
  readonly inputs?: Readonly<Record<string, OnnxConstant>>;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  readonly dims?: readonly number[];
  readonly opset?: number;
}

/** Runs one operator on an input of the graph that is stored as it is, and as images [N, H, W, C] are. */
function run({ op, inputs = {}, attributes = {}, dims = [2, 3, 4, 4], opset = 18 }: Given) {
  const names = Object.keys(inputs);
  const graph = graphWith({
    nodes: [node(op, ['image', ...names], 'y', attributes)],
    constants: inputs,
    opset,
    dims,
  });
  const x = drawn('x', dims);
  const computed = (channelsLast: boolean) => {
    const logical = tf.tensor(x.data, [...dims]);
    const value = channelsLast ? laid(tf.transpose(logical, [0, 2, 3, 1]), [0, 2, 3, 1]) : laid(logical);
    const evaluation = { graph, variables: [], tensor: () => value.x, context: inference, taps: new Map() };
    const { values } = evaluate(evaluation, value, ['y']);
    const y = natural(values[0]!);
    return { shape: y.shape, data: Array.from(y.dataSync()) };
  };
  const plain = computed(false);
  if (dims.length === 4) {
    const turned = computed(true);
    expect(turned.shape).toEqual(plain.shape);
    turned.data.forEach((value, i) => expect(value).toBeCloseTo(plain.data[i]!, 5));
  }
  return { ...plain, x: Array.from(x.data), dims };
}

/** Every element by a function in double precision. */
const each: readonly (readonly [string, (x: number) => number, Given?])[] = [
  ['Relu', (x) => Math.max(0, x)],
  ['LeakyRelu', (x) => (x > 0 ? x : 0.1 * x), { op: 'LeakyRelu', attributes: { alpha: 0.1 } }],
  ['Elu', (x) => (x > 0 ? x : 0.7 * Math.expm1(x)), { op: 'Elu', attributes: { alpha: 0.7 } }],
  ['Selu', (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))],
  ['Sigmoid', (x) => 1 / (1 + Math.exp(-x))],
  ['HardSigmoid', (x) => Math.min(1, Math.max(0, 0.2 * x + 0.5))],
  ['HardSwish', (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5))],
  ['Mish', (x) => x * Math.tanh(Math.log1p(Math.exp(x)))],
  ['Softplus', (x) => Math.log1p(Math.exp(x))],
  ['Softsign', (x) => x / (1 + Math.abs(x))],
  ['Tanh', Math.tanh],
  ['Exp', Math.exp],
  ['Neg', (x) => -x],
  ['Abs', Math.abs],
  ['Reciprocal', (x) => 1 / x],
  ['Floor', Math.floor],
  ['Ceil', Math.ceil],
  ['Sin', Math.sin],
  ['Cos', Math.cos],
  ['Identity', (x) => x],
  ['Swish', (x) => x / (1 + Math.exp(-x))],
  ['Gelu', (x) => 0.5 * x * (1 + erf(x / Math.SQRT2))],
  [
    'Gelu',
    (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    { op: 'Gelu', attributes: { approximate: 'tanh' } },
  ],
  ['Erf', erf],
  [
    'Clip',
    (x) => Math.min(0.5, Math.max(-0.5, x)),
    { op: 'Clip', inputs: { a: floats([-0.5], []), b: floats([0.5], []) } },
  ],
  ['Clip', (x) => Math.min(0.5, Math.max(0, x)), { op: 'Clip', attributes: { min: 0, max: 0.5 }, opset: 9 }],
  ['Pow', (x) => x ** 3, { op: 'Pow', inputs: { e: floats([3], []) } }],
  ['Add', (x) => x + 2, { op: 'Add', inputs: { a: floats([2], []) } }],
  ['Max', (x) => Math.max(x, 0.2), { op: 'Max', inputs: { a: floats([0.2], []) } }],
  ['Mean', (x) => (x + 2) / 2, { op: 'Mean', inputs: { a: floats([2], [1]) } }],
];

/** The error function by its series, in double precision. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

describe('operators of single elements', () => {
  for (const [op, f, given] of each) {
    it(`${op} ${JSON.stringify(given?.attributes ?? {})}`, () => {
      const { data, x } = run(given ?? { op });
      data.forEach((value, i) => expect(value).toBeCloseTo(f(x[i]!), 5));
    });
  }
});

describe('operators of images', () => {
  /** A grouped convolution with a bias, in double precision. */
  function convolved(
    { x, dims: [n, c, h, w] }: { x: number[]; dims: readonly number[] },
    kernel: OnnxConstant,
    bias: OnnxConstant,
    { groups = 1, stride = 1, dilation = 1, pads = [0, 0, 0, 0] },
  ): number[] {
    const [o, i, kh, kw] = kernel.dims as [number, number, number, number];
    const rows = Math.floor((h! + pads[0]! + pads[2]! - (kh - 1) * dilation - 1) / stride) + 1;
    const columns = Math.floor((w! + pads[1]! + pads[3]! - (kw - 1) * dilation - 1) / stride) + 1;
    const y: number[] = [];
    for (let b = 0; b < n!; b++)
      for (let out = 0; out < o; out++)
        for (let r = 0; r < rows; r++)
          for (let q = 0; q < columns; q++) {
            let sum = bias.data[out]!;
            const group = Math.floor(out / (o / groups));
            for (let k = 0; k < i; k++)
              for (let u = 0; u < kh; u++)
                for (let v = 0; v < kw; v++) {
                  const [row, column] = [
                    r * stride + u * dilation - pads[0]!,
                    q * stride + v * dilation - pads[1]!,
                  ];
                  if (row < 0 || column < 0 || row >= h! || column >= w!) continue;
                  const pixel = x[((b * c! + group * i + k) * h! + row) * w! + column]!;
                  sum += pixel * kernel.data[((out * i + k) * kh + u) * kw + v]!;
                }
            y.push(sum);
          }
    return y;
  }

  it.each([
    ['plain', [5, 4, 3, 3], { pads: [1, 1, 1, 1] }],
    ['stride 2, padded at the end', [5, 4, 3, 3], { stride: 2, pads: [0, 0, 1, 1] }],
    ['dilated', [5, 4, 3, 3], { dilation: 2, pads: [2, 2, 2, 2] }],
    ['grouped', [6, 2, 3, 3], { groups: 2, pads: [1, 1, 1, 1] }],
    ['grouped 1×1, stride 2', [6, 2, 1, 1], { groups: 2, stride: 2 }],
    ['depthwise', [4, 1, 3, 3], { groups: 4, stride: 2, pads: [1, 1, 1, 1] }],
    ['depthwise with a multiplier', [8, 1, 3, 3], { groups: 4 }],
    ['depthwise, dilated', [4, 1, 3, 3], { groups: 4, dilation: 2, pads: [2, 2, 2, 2] }],
  ] as const)('Conv: %s', (_, dims, options) => {
    const [kernel, bias] = [drawn('kernel', dims), drawn('bias', [dims[0]])];
    const {
      groups = 1,
      stride = 1,
      dilation = 1,
      pads = [0, 0, 0, 0],
    } = options as {
      groups?: number;
      stride?: number;
      dilation?: number;
      pads?: number[];
    };
    const found = run({
      op: 'Conv',
      dims: [2, 4, 6, 6],
      inputs: { kernel, bias },
      attributes: {
        group: groups,
        strides: [stride, stride],
        dilations: [dilation, dilation],
        pads: [...pads],
      },
    });
    const expected = convolved(found, kernel, bias, { groups, stride, dilation, pads: [...pads] });
    expect(found.data).toHaveLength(expected.length);
    found.data.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
  });

  const window = (
    x: number[],
    at: (row: number, column: number) => number | null,
    f: (values: number[]) => number,
  ) => {
    const values: number[] = [];
    for (let u = 0; u < 3; u++)
      for (let v = 0; v < 3; v++) {
        const index = at(u, v);
        if (index !== null) values.push(x[index]!);
      }
    return f(values);
  };

  it.each([
    [
      'MaxPool',
      { ceil_mode: 1, strides: [2, 2], kernel_shape: [3, 3] },
      2,
      0,
      (v: number[]) => Math.max(...v),
    ],
    [
      'MaxPool',
      { pads: [1, 1, 1, 1], strides: [2, 2], kernel_shape: [3, 3] },
      2,
      1,
      (v: number[]) => Math.max(...v),
    ],
    [
      'AveragePool',
      { pads: [1, 1, 1, 1], strides: [2, 2], kernel_shape: [3, 3] },
      2,
      1,
      (v: number[]) => v.reduce((a, b) => a + b) / v.length,
    ],
    [
      'AveragePool',
      { pads: [1, 1, 1, 1], strides: [2, 2], kernel_shape: [3, 3], count_include_pad: 1 },
      2,
      1,
      (v: number[]) => v.reduce((a, b) => a + b) / 9,
    ],
  ] as const)('%s %j', (op, attributes, side, pad, f) => {
    const { data, x, shape } = run({ op, attributes });
    expect(shape).toEqual([2, 3, side, side]);
    for (let plane = 0; plane < 6; plane++)
      for (let r = 0; r < side; r++)
        for (let q = 0; q < side; q++) {
          const at = (u: number, v: number): number | null => {
            const [row, column] = [2 * r + u - pad, 2 * q + v - pad];
            return row < 0 || column < 0 || row > 3 || column > 3 ? null : plane * 16 + row * 4 + column;
          };
          expect(data[(plane * side + r) * side + q]).toBeCloseTo(window(x, at, f), 5);
        }
  });

  it('GlobalAveragePool and GlobalMaxPool keep the axes', () => {
    const mean = run({ op: 'GlobalAveragePool' });
    expect(mean.shape).toEqual([2, 3, 1, 1]);
    expect(mean.data[1]).toBeCloseTo(mean.x.slice(16, 32).reduce((a, b) => a + b) / 16, 5);
    expect(run({ op: 'GlobalMaxPool' }).data[1]).toBeCloseTo(Math.max(...mean.x.slice(16, 32)), 5);
  });

  it('DepthToSpace undoes SpaceToDepth', () => {
    const { data, shape, x } = run({ op: 'SpaceToDepth', attributes: { blocksize: 2 } });
    expect(shape).toEqual([2, 12, 2, 2]);
    expect(data[0]).toBe(x[0]);
    expect(data[12]).toBe(x[1]); // the pixel to the right, as channel C
    const back = run({ op: 'DepthToSpace', attributes: { blocksize: 2 }, dims: [1, 4, 2, 2] });
    expect(back.data.slice(0, 4)).toEqual([back.x[0], back.x[4], back.x[1], back.x[5]]);
  });
});

describe('normalizations and products', () => {
  const standardized = (values: number[]): number[] => {
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    return values.map((v) => (v - mean) / Math.sqrt(variance + 1e-5));
  };

  it('LayerNormalization over the last axis', () => {
    const [scale, shift] = [drawn('scale', [4]), drawn('shift', [4])];
    const { data, x } = run({ op: 'LayerNormalization', inputs: { scale, shift }, attributes: { axis: -1 } });
    const row = standardized(x.slice(4, 8)).map((v, i) => v * scale.data[i]! + shift.data[i]!);
    data.slice(4, 8).forEach((value, i) => expect(value).toBeCloseTo(row[i]!, 4));
  });

  it('InstanceNormalization per image and channel', () => {
    const [scale, shift] = [drawn('scale', [3]), drawn('shift', [3])];
    const { data, x } = run({ op: 'InstanceNormalization', inputs: { scale, shift } });
    const plane = standardized(x.slice(16, 32)).map((v) => v * scale.data[1]! + shift.data[1]!);
    data.slice(16, 32).forEach((value, i) => expect(value).toBeCloseTo(plane[i]!, 4));
  });

  it('GroupNormalization over groups of channels', () => {
    const ones = floats([1, 1, 1, 1]);
    const zeros = floats([0, 0, 0, 0]);
    const { data, x } = run({
      op: 'GroupNormalization',
      dims: [1, 4, 2, 2],
      inputs: { ones, zeros },
      attributes: { num_groups: 2 },
      opset: 21,
    });
    standardized(x.slice(8, 16)).forEach((value, i) => expect(data[8 + i]).toBeCloseTo(value, 4));
  });

  it('Softmax along an axis, and until opset 12 over all that follow', () => {
    const { data, x } = run({ op: 'Softmax', attributes: { axis: 1 } });
    const total = [0, 1, 2].reduce((sum, c) => sum + Math.exp(x[c * 16]!), 0);
    expect(data[16]).toBeCloseTo(Math.exp(x[16]!) / total, 5);
    const old = run({ op: 'Softmax', attributes: { axis: 1 }, opset: 11 });
    expect(old.data.slice(0, 48).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  });

  it('MatMul with a matrix, and of stacks that broadcast', () => {
    const matrix = drawn('matrix', [4, 5]);
    const { data, x, shape } = run({ op: 'MatMul', inputs: { matrix } });
    expect(shape).toEqual([2, 3, 4, 5]);
    const entry = [0, 1, 2, 3].reduce((sum, k) => sum + x[8 + k]! * matrix.data[k * 5 + 3]!, 0);
    expect(data[2 * 5 + 3]).toBeCloseTo(entry, 5);
    const stack = drawn('stack', [3, 4, 2]);
    const stacked = run({ op: 'MatMul', inputs: { stack } });
    expect(stacked.shape).toEqual([2, 3, 4, 2]);
    const other = [0, 1, 2, 3].reduce((sum, k) => sum + stacked.x[16 + k]! * stack.data[8 + k * 2]!, 0);
    expect(stacked.data[8]).toBeCloseTo(other, 5);
  });

  it('Gemm with its factors and transposes', () => {
    const [b, c] = [drawn('b', [5, 3]), drawn('c', [5])];
    const { data, x } = run({
      op: 'Gemm',
      dims: [2, 3],
      inputs: { b, c },
      attributes: { transB: 1, alpha: 2, beta: 0.5 },
    });
    const entry = [0, 1, 2].reduce((sum, k) => sum + x[3 + k]! * b.data[4 * 3 + k]!, 0);
    expect(data[9]).toBeCloseTo(2 * entry + 0.5 * c.data[4]!, 5);
  });

  it('reductions over axes from attributes and inputs', () => {
    const { data, x, shape } = run({
      op: 'ReduceMean',
      attributes: { axes: [2, 3], keepdims: 0 },
      opset: 13,
    });
    expect(shape).toEqual([2, 3]);
    expect(data[1]).toBeCloseTo(x.slice(16, 32).reduce((a, b) => a + b) / 16, 5);
    const length = run({ op: 'ReduceL2', inputs: { axes: integers([-1]) } });
    expect(length.shape).toEqual([2, 3, 4, 1]);
    expect(length.data[0]).toBeCloseTo(Math.hypot(...length.x.slice(0, 4)), 5);
  });
});

describe('operators of shapes', () => {
  it('Transpose, Reshape, Flatten, Squeeze and Unsqueeze keep the numbers in the order of the graph', () => {
    const turned = run({ op: 'Transpose', attributes: { perm: [0, 2, 3, 1] } });
    expect(turned.shape).toEqual([2, 4, 4, 3]);
    expect(turned.data[1]).toBe(turned.x[16]);
    const split = run({ op: 'Reshape', inputs: { to: integers([2, 3, 2, 2, -1]) } });
    expect([split.shape, split.data]).toEqual([[2, 3, 2, 2, 4], split.x]);
    const kept = run({ op: 'Reshape', inputs: { to: integers([0, -1, 4]) } });
    expect([kept.shape, kept.data]).toEqual([[2, 12, 4], kept.x]);
    const flat = run({ op: 'Flatten' });
    expect([flat.shape, flat.data]).toEqual([[2, 48], flat.x]);
    expect(run({ op: 'Squeeze', dims: [2, 3, 1, 1], inputs: { axes: integers([2, 3]) } }).shape).toEqual([
      2, 3,
    ]);
    expect(run({ op: 'Unsqueeze', dims: [2, 3], inputs: { axes: integers([0, -1]) } }).shape).toEqual([
      1, 2, 3, 1,
    ]);
  });

  it('Slice, Gather, Pad, Tile, Expand and Concat', () => {
    const slice = run({
      op: 'Slice',
      inputs: { starts: integers([1]), ends: integers([2 ** 53]), axes: integers([1]) },
    });
    expect([slice.shape, slice.data[0]]).toEqual([[2, 2, 4, 4], slice.x[16]]);
    const reversed = run({
      op: 'Slice',
      inputs: { starts: integers([-1]), ends: integers([-5]), axes: integers([1]), steps: integers([-1]) },
    });
    expect([reversed.shape, reversed.data[0]]).toEqual([[2, 3, 4, 4], reversed.x[32]]);
    const gathered = run({ op: 'Gather', inputs: { index: integers([2, 0]) }, attributes: { axis: 1 } });
    expect([gathered.shape, gathered.data[0]]).toEqual([[2, 2, 4, 4], gathered.x[32]]);
    const one = run({ op: 'Gather', inputs: { index: integers([1], []) }, attributes: { axis: 1 } });
    expect([one.shape, one.data[0]]).toEqual([[2, 4, 4], one.x[16]]);
    const padded = run({
      op: 'Pad',
      inputs: { pads: integers([0, 0, 0, 1, 0, 0, 0, 0]), value: floats([7], []) },
    });
    expect([padded.shape, padded.data[0], padded.data[1]]).toEqual([[2, 3, 4, 5], 7, padded.x[0]]);
    expect(run({ op: 'Tile', inputs: { reps: integers([1, 2, 1, 1]) } }).shape).toEqual([2, 6, 4, 4]);
    const wide = run({ op: 'Expand', dims: [1, 3, 1, 1], inputs: { to: integers([2, 1, 2, 2]) } });
    expect([wide.shape, wide.data[4]]).toEqual([[2, 3, 2, 2], wide.x[1]]);
    const more = run({
      op: 'Concat',
      inputs: { more: drawn('more', [2, 1, 4, 4]) },
      attributes: { axis: 1 },
    });
    expect([more.shape, more.data.slice(0, 48)]).toEqual([[2, 4, 4, 4], more.x.slice(0, 48)]);
  });
});
