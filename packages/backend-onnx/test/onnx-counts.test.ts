import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend, OnnxTeacher } from '../src/index.js';
import { makeNode, makeTensor, onnx, type NodeProto } from '../src/onnx-model/proto.js';
import { buildModel, layer, SIZE, weights, WIDTH, type BuiltGraph } from './graph-builder.js';

let backend: OnnxBackend;
beforeAll(async () => {
  backend = await OnnxBackend.create({ runtime: 'web', threads: 1 });
});
afterAll(() => backend.dispose());

const PIXELS = SIZE * SIZE;
/** The convolution of the trunk. */
const TRUNK = { parameters: 3 * WIDTH, flops: PIXELS * WIDTH * 2 * 3 };

async function counts({ outputs = ['four'], ...graph }: Omit<BuiltGraph, 'outputs'> & Partial<BuiltGraph>) {
  const bytes = buildModel({ outputs, ...graph });
  const { facts } = await OnnxTeacher.create(backend, bytes, { shown: 'm.onnx', images: [SIZE, SIZE, 3] });
  return {
    parameters: facts.parameters! - TRUNK.parameters,
    flops: facts.flops === null ? null : facts.flops - TRUNK.flops,
  };
}

/** Rows of the image as a sequence, [SIZE, N, SIZE · WIDTH], under the name `sequence`. */
const sequence: NodeProto[] = [
  makeNode('Transpose', ['relu'], 'rows', { perm: [2, 0, 3, 1] }),
  makeNode('Reshape', ['rows', 'sequence-shape'], 'sequence'),
];
const sequenceShape = makeTensor('sequence-shape', BigInt64Array.of(0n, 0n, BigInt(SIZE * WIDTH)));
const DEPTH = SIZE * WIDTH;

describe('parameters and FLOPs of an ONNX model', () => {
  it.each<[string, number]>([
    ['LSTM', 4],
    ['GRU', 3],
    ['RNN', 1],
  ])('of a recurrent layer (%s)', async (op, gates) => {
    const hidden = 4;
    const nodes = [
      ...sequence,
      makeNode(op, ['sequence', 'W', 'R', 'B'], ['all', 'last'], { hidden_size: hidden }),
      makeNode('Squeeze', ['last', 'first-axis'], 'four'),
    ];
    const constants = [
      sequenceShape,
      makeTensor('first-axis', BigInt64Array.of(0n)),
      weights('W', [1, gates * hidden, DEPTH]),
      weights('R', [1, gates * hidden, hidden]),
      weights('B', [1, 2 * gates * hidden]),
    ];
    const found = await counts({ nodes, constants });
    expect(found.flops).toBe(SIZE * gates * hidden * (2 * (DEPTH + hidden) + 2));
    expect(found.parameters).toBe(gates * hidden * (DEPTH + hidden + 2) + 3 + 1);
  });

  it('of attention written as products: those without weights count', async () => {
    const nodes = [
      makeNode('Reshape', ['relu', 'tokens-shape'], 'columns'), // [N, WIDTH, PIXELS]
      makeNode('Transpose', ['columns'], 'tokens', { perm: [0, 2, 1] }),
      makeNode('MatMul', ['tokens', 'columns'], 'scores'),
      makeNode('Softmax', ['scores'], 'shares', { axis: 2 }),
      makeNode('MatMul', ['shares', 'tokens'], 'mixed'),
      makeNode('ReduceMean', ['mixed'], 'average', { axes: [1], keepdims: 0 }),
      layer('four', 4, 'average').node,
    ];
    const shape = makeTensor('tokens-shape', BigInt64Array.of(0n, BigInt(WIDTH), -1n));
    const found = await counts({ nodes, constants: [shape, layer('four', 4).constant] });
    expect(found.flops).toBe(2 * (2 * PIXELS * PIXELS * WIDTH) + 2 * WIDTH * 4);
  });

  it('of weights in nodes', async () => {
    const { constant, node } = layer('four', 4);
    const held = makeNode('Constant', [], constant.name!);
    held.attribute = [
      onnx.AttributeProto.create({
        name: 'value',
        type: onnx.AttributeProto.AttributeType.TENSOR,
        t: constant,
      }),
    ];
    expect(await counts({ nodes: [held, node] })).toEqual({ parameters: 4 * WIDTH, flops: 2 * 4 * WIDTH });
  });

  it('leave out outputs that are not used', async () => {
    const [four, other] = [layer('four', 4), layer('embedding', 9)];
    const found = await counts({
      nodes: [other.node, four.node],
      constants: [other.constant, four.constant],
      outputs: ['embedding', 'four'],
    });
    expect(found).toEqual({ parameters: 4 * WIDTH, flops: 2 * 4 * WIDTH });
  });

  it('are not known where products are in a branch', async () => {
    const { constant, node } = layer('four', 4);
    const branch = (name: string) => ({
      name,
      node: [makeNode('MatMul', ['flat', constant.name!], `${name}-four`)],
      output: [{ name: `${name}-four`, type: { tensorType: { elemType: 1 } } }],
    });
    const choice = makeNode('If', ['yes'], node.output![0]!);
    choice.attribute = ['then_branch', 'else_branch'].map((name) =>
      onnx.AttributeProto.create({ name, type: onnx.AttributeProto.AttributeType.GRAPH, g: branch(name) }),
    );
    const yes = makeTensor('yes', Uint8Array.of(1), []);
    yes.dataType = 9;
    const found = await counts({ nodes: [choice], constants: [constant, yes] });
    expect(found).toEqual({ parameters: 4 * WIDTH + 1, flops: null });
  });
});
