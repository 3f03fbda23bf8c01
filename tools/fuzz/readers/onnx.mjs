/** The reader of ONNX classifiers, up to what ONNX Runtime gets. */
import onnxProto from 'onnx-proto';
import { inside } from '../pieces.mjs';

const [{ decodeModel, metadataOf }, { checkStructure }, { findHead }, { imageInput }, { declared }] =
  await Promise.all(
    ['proto', 'check-structure', 'head', 'image-input', 'preprocessing'].map((name) =>
      inside(`backend-onnx/src/onnx-model/${name}`),
    ),
  );

const { onnx } = onnxProto;
const value = (name, sizes) => ({
  name,
  type: {
    tensorType: {
      elemType: 1,
      shape: {
        dim: sizes.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size })),
      },
    },
  },
});
const onnxFile = onnx.ModelProto.encode(
  onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ version: 13 }],
    metadataProps: [
      { key: 'names', value: "{0: 'cat', 1: 'dog'}" },
      { key: 'mean', value: '[0.5]' },
      { key: 'std', value: '[0.5]' },
    ],
    graph: {
      name: 'g',
      node: [
        ['Conv', ['x', 'K'], 'a'],
        ['Identity', ['a'], 'b'],
        ['GlobalAveragePool', ['b'], 'c'],
        ['Flatten', ['c'], 'd'],
        ['Transpose', ['W'], 'w'],
        ['Identity', ['w'], 'v'],
        ['MatMul', ['d', 'v'], 'e'],
        ['Add', ['e', 'B'], 'f'],
        ['Softmax', ['f'], 'y'],
      ].map(([opType, input, output]) => ({ opType, input, output: [output] })),
      initializer: [['K', [2, 3, 1, 1]], ['W', [4, 2]], ['B', [4]]].map(([name, dims]) => ({ name, dims, dataType: 1, rawData: new Uint8Array(4 * dims.reduce((a, b) => a * b, 1)) })), // prettier-ignore
      input: [value('x', ['n', 3, 8, 8])],
      output: [value('y', ['n', 4])],
    },
  }),
).finish();

/** @type {import('../targets.mjs').Target[]} */
export const classifiers = [
  {
    name: 'ONNX graph and metadata',
    file: onnxFile,
    read(b) {
      const model = decodeModel(b, 'case');
      checkStructure(model, 'case');
      imageInput(model, 'case', [8, 8, 3]);
      declared(metadataOf(model), 3);
      return findHead(model, 'case');
    },
  },
];
