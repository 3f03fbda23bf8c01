import { describe, expect, it } from 'vitest';
import { readOnnxGraph } from '../src/onnx-model/plain-graph.js';
import {
  encodeModel,
  makeNode,
  makeTensor,
  makeValue,
  onnx,
  type NodeProto,
  type TensorProto,
} from '../src/onnx-model/proto.js';
import { classifierFile } from './onnx-writer.js';
import { refusal } from './refusal.js';

const modelOf = (
  node: readonly NodeProto[],
  initializer: readonly TensorProto[] = [],
  inputs = 1,
): Uint8Array =>
  encodeModel(
    onnx.ModelProto.create({
      irVersion: 8,
      opsetImport: [{ domain: '', version: 18 }],
      graph: {
        name: 'graph',
        node: [...node],
        initializer: [...initializer],
        input: Array.from({ length: inputs }, (_, i) =>
          makeValue(i === 0 ? 'image' : `x${i}`, 1, ['N', 3, 6, 6]),
        ),
        output: [makeValue('y', 1)],
      },
    }),
  );

describe('readOnnxGraph', () => {
  it('reads nodes, attributes, weights and the input', () => {
    const graph = readOnnxGraph(classifierFile(), 'model.onnx');
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Conv', 'Relu', 'GlobalAveragePool', 'Flatten', 'Gemm']);
    expect(graph.input).toEqual({ name: 'image', dims: [null, 3, 6, 6] });
    expect(graph.constants.get('conv.weight')).toMatchObject({ type: 'float', dims: [5, 3, 1, 1] });
    expect([graph.outputs, graph.opset]).toEqual([['scores'], 13]);
  });

  it.each([
    ['float32', 1, new Float32Array([1.5, -2]), [1.5, -2], 'float'],
    ['float64', 11, new Float64Array([1.5, -2]), [1.5, -2], 'float'],
    ['float16', 10, new Uint16Array([0x3e00, 0xc000]), [1.5, -2], 'float'],
    ['bfloat16', 16, new Uint16Array([0x3fc0, 0xc000]), [1.5, -2], 'float'],
    ['int64', 7, new BigInt64Array([5n, -1n]), [5, -1], 'integer'],
    ['int32', 6, new Int32Array([5, -1]), [5, -1], 'integer'],
    ['uint8', 2, new Uint8Array([5, 255]), [5, 255], 'integer'],
    ['int8', 3, new Int8Array([5, -1]), [5, -1], 'integer'],
    ['bool', 9, new Uint8Array([1, 0]), [1, 0], 'integer'],
  ] as const)('reads raw data of %s', (_, dataType, data, expected, type) => {
    const tensor = onnx.TensorProto.create({
      name: 'w',
      dataType,
      dims: [2],
      rawData: new Uint8Array(data.buffer),
    });
    const { constants } = readOnnxGraph(modelOf([makeNode('Add', ['image', 'w'], 'y')], [tensor]), 'm');
    const found = constants.get('w')!;
    expect([Array.from(found.data), found.type]).toEqual([expected, type]);
  });

  it('reads lists of numbers beside raw data, and constants among the nodes', () => {
    const listed = onnx.TensorProto.create({ name: 'axes', dataType: 7, dims: [2], int64Data: [3, -1] });
    const constant = makeNode('Constant', [], 'c', { value_ints: [4, 5] });
    const graph = readOnnxGraph(modelOf([constant, makeNode('Add', ['image', 'c'], 'y')], [listed]), 'm');
    expect(Array.from(graph.constants.get('axes')!.data)).toEqual([3, -1]);
    expect(Array.from(graph.constants.get('c')!.data)).toEqual([4, 5]);
    expect([...graph.literals]).toEqual(['c']);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Add']);
  });

  it('makes copies of a weight weights of their own', () => {
    const nodes = [
      makeNode('Identity', ['w'], 'layer.weight'),
      makeNode('Add', ['image', 'layer.weight'], 'y'),
    ];
    const { constants } = readOnnxGraph(modelOf(nodes, [makeTensor('w', new Float32Array([1, 2]))]), 'm');
    expect([...constants.keys()]).toEqual(['w', 'layer.weight']);
  });

  it('brings nodes into the order in which they are computed', () => {
    const nodes = [
      makeNode('Relu', ['b'], 'y'),
      makeNode('Exp', ['image'], 'a'),
      makeNode('Neg', ['a'], 'b'),
    ];
    expect(readOnnxGraph(modelOf(nodes), 'm').nodes.map(({ op }) => op)).toEqual(['Exp', 'Neg', 'Relu']);
  });

  it('refuses several inputs, constants of other lengths than their sizes, and texts', async () => {
    const refused = (bytes: Uint8Array) => refusal(Promise.resolve().then(() => readOnnxGraph(bytes, 'm')));
    const nodes = [makeNode('Add', ['image', 'w'], 'y')];
    expect((await refused(modelOf(nodes, [], 2))).message).toContain('has one input');
    const short = makeTensor('w', new Float32Array(3), [2, 2]);
    expect(await refused(modelOf(nodes, [short]))).toMatchObject({
      code: 'ANC_ONNX',
      message: 'm: the constant "w" cannot be read.',
    });
    const odd = onnx.TensorProto.create({ name: 'w', dataType: 1, dims: [1], rawData: new Uint8Array(3) });
    expect((await refused(modelOf(nodes, [odd]))).message).toContain('cannot be read');
    const text = onnx.TensorProto.create({ name: 'w', dataType: 8, dims: [1] });
    expect((await refused(modelOf(nodes, [text]))).message).toContain('cannot be read');
  });
});
