import { isAncError } from '@anc/core';
import { mutated } from '@anc/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkStructure } from '../src/onnx-model/check-structure.js';
import { findHead } from '../src/onnx-model/head.js';
import { imageInput } from '../src/onnx-model/image-input.js';
import { onnxImageShape } from '../src/onnx-model/image-shape.js';
import { outputCandidates } from '../src/onnx-model/output-candidates.js';
import { declared } from '../src/onnx-model/preprocessing.js';
import {
  decodeModel,
  ELEMENT,
  encodeModel,
  graphOf,
  makeNode,
  makeTensor,
  makeValue,
  metadataOf,
  onnx,
  type ModelProto,
  type NodeProto,
} from '../src/onnx-model/proto.js';
import { excessOf } from '../src/onnx-model/wire-limits.js';

/* Models that make a reader work without end, fill the memory or overflow the stack, unless it is bounded. */

const weights = makeTensor('W', new Float32Array(30), [3, 10]);

/** A model of these nodes between the input `x` [n, 3, 4, 4] and the output `y`. */
const modelOf = (
  nodes: readonly NodeProto[],
  sizes: readonly (number | string)[] = ['n', 3, 4, 4],
): ModelProto =>
  onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ version: 13 }],
    graph: {
      name: 'g',
      node: [...nodes],
      input: [makeValue('x', ELEMENT.float32, sizes)],
      output: [makeValue('y', ELEMENT.float32, ['n', 10])],
      initializer: [weights],
    },
  });

const chain = (from: string, to: string, length: number): NodeProto[] =>
  Array.from({ length }, (_, i) =>
    makeNode('Identity', [i === 0 ? from : `${to}${i - 1}`], i === length - 1 ? to : `${to}${i}`),
  );

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isAncError(error)) return error.describe();
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a graph', () => {
  it.each<[string, NodeProto[], RegExp]>([
    ['a cycle', [makeNode('Identity', ['b'], 'a'), makeNode('Identity', ['a'], 'b')], /a cycle through "a"/],
    ['a node that reads itself', [makeNode('Add', ['y', 'x'], 'y')], /a cycle through "y"/],
    [
      'a value that is computed twice',
      [...chain('x', 'y', 1), ...chain('x', 'y', 1)],
      /two nodes that compute "y"/,
    ],
    ['a node without outputs', [makeNode('Relu', ['x'], [''])], /a node "Relu" without outputs/],
  ])('with %s is refused', (_, nodes, message) => {
    expect(failure(() => checkStructure(modelOf(nodes), 'm'))).toMatch(message);
    expect(failure(() => onnxImageShape(encodeModel(modelOf(nodes)), 'm'))).toMatch(message);
  });

  it.each<[string, ModelProto, RegExp]>([
    ['a negative size', onnx.ModelProto.create(modelOf([makeNode('Relu', ['x'], 'y')])), /sizes \[-1, 10\]/],
    ['an input beyond measure', modelOf([makeNode('Relu', ['x'], 'y')], [2 ** 40, 3, 4, 4]), /is too large/],
  ])('with %s is refused', (name, model, message) => {
    if (name === 'a negative size')
      graphOf(model).initializer = [onnx.TensorProto.create({ ...weights, dims: [-1, 10] })];
    expect(failure(() => checkStructure(model, 'm'))).toMatch(message);
  });

  it('may be a chain of 30,000 nodes, of values and of constants', () => {
    const model = modelOf([
      ...chain('W', 'w', 30_000),
      makeNode('MatMul', ['x', 'w'], 'product'),
      ...chain('product', 'y', 30_000),
    ]);
    checkStructure(model, 'm');
    expect(findHead(model, 'y')).toMatchObject({ logits: 'y', features: 'x' });
  });

  it('may have thousands of outputs along one chain', () => {
    const model = modelOf([makeNode('MatMul', ['x', 'W'], 'a'), ...chain('a', 'y', 4000)]);
    graphOf(model).output = chain('a', 'y', 4000).map(({ output }) =>
      makeValue(output![0]!, ELEMENT.float32, ['n', 10]),
    );
    expect(outputCandidates(decodeModel(encodeModel(model), 'm'))).toHaveLength(4000);
    expect(findHead(model, 'y').features).toBe('x');
  });

  it('may have nodes without inputs, which lead nowhere', () => {
    const softmax = onnx.NodeProto.create({ opType: 'Softmax', output: ['y'] });
    expect(findHead(modelOf([softmax]), 'y')).toEqual({
      logits: 'y',
      activation: null,
      features: null,
      featureWidth: null,
      unbounded: false,
    });
    const product = onnx.NodeProto.create({ opType: 'Gemm', output: ['y'] });
    expect(findHead(modelOf([product]), 'y').features).toBeNull();
  });
});

describe('the bytes of a model', () => {
  it('are counted before they are decoded', () => {
    const nodes = new Uint8Array(2 * 3_000_001).map((_, i) => (i % 2 === 0 ? 0x0a : 0)); // empty nodes
    const head = Uint8Array.of(0x3a, 0x82, 0x9b, 0xee, 0x02);
    expect(failure(() => decodeModel(new Uint8Array(Buffer.concat([head, nodes])), 'm'))).toMatch(/fields/);
  });

  it('may nest graphs in graphs only so deep', () => {
    let graph = onnx.GraphProto.create({ node: [makeNode('Relu', ['x'], 'y')] });
    for (let depth = 0; depth < 40; depth++) {
      const branch = onnx.AttributeProto.create({ name: 'then_branch', g: graph });
      graph = onnx.GraphProto.create({
        node: [onnx.NodeProto.create({ attribute: [branch], output: ['y'] })],
      });
    }
    const bytes = new Uint8Array(onnx.ModelProto.encode(onnx.ModelProto.create({ graph })).finish());
    expect(failure(() => decodeModel(bytes, 'm'))).toMatch(/more than 100 levels/);
  });

  it('of a usual model are not too many', () => {
    expect(excessOf(encodeModel(modelOf(chain('x', 'y', 1000))))).toBeNull();
    for (const bytes of [[], [0xff], [0x3a, 0xff, 0xff], [0x3b]])
      expect(excessOf(Uint8Array.from(bytes))).toBeNull();
  });
});

it('metadata of a million digits are read at once', () => {
  expect(declared({ names: '1'.repeat(1_000_000) }, 3).classNames).toBeNull();
});

it('a damaged model is read or refused with an AncError, whatever its lengths, counts and names are', () => {
  const nodes = [...chain('W', 'w', 3), makeNode('MatMul', ['x', 'w'], 'a'), ...chain('a', 'y', 3)];
  const model = modelOf(nodes);
  model.metadataProps = [{ key: 'names', value: "{0: 'cat', 1: 'dog'}" }];
  const file = encodeModel(model);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
      try {
        const read = decodeModel(mutated(file, seed), 'm');
        checkStructure(read, 'm');
        imageInput(read, 'm', [4, 4, 3]);
        declared(metadataOf(read), 3);
        for (const { name } of outputCandidates(read)) findHead(read, name);
      } catch (error) {
        expect(isAncError(error) ? 'AncError' : error).toBe('AncError');
      }
    }),
    { numRuns: 400 },
  );
});
