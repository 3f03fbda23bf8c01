import type { FixedNormalization } from '@anc/core';
import { DERIVED, own, type Piece } from './derived-names.js';
import type { ImageInput } from './image-input.js';
import { interpolation, transposed } from './interpolation.js';
import {
  decodeModel,
  ELEMENT,
  graphOf,
  makeNode,
  makeTensor,
  makeValue,
  onnxError,
  opsetOf,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from './proto.js';

/** How bytes become the input of a model. */
export interface InputDerivation {
  readonly input: ImageInput;
  /** [H, W, C] of the images that it will take. */
  readonly images: readonly [number, number, number];
  /** Applied to the pixels; null to feed bytes as they are. */
  readonly normalization: FixedNormalization | null;
  /** Order of the color channels that it was trained on. */
  readonly channels: 'rgb' | 'bgr';
  /** Whether to resize images to the model's input size. */
  readonly resize: boolean;
}

/** The model with its preprocessing inside: bytes [B, H, W, C] in, its own outputs out. Throws `ANC_ONNX`. */
export function takingImages(bytes: Uint8Array, shown: string, derivation: InputDerivation): ModelProto {
  const model = decodeModel(bytes, shown);
  const graph = graphOf(model);
  const before = preprocessing(model, shown, derivation);
  graph.node = [...before.nodes, ...graph.node];
  graph.initializer = [...graph.initializer, ...before.constants];
  const batch = derivation.input.batch ?? own('batch');
  graph.input = [
    makeValue(DERIVED.images, ELEMENT.uint8, [batch, ...derivation.images]),
    ...graph.input.filter(({ name }) => name !== derivation.input.name),
  ];
  return model;
}

function preprocessing(
  model: ModelProto,
  shown: string,
  { input, images, normalization, channels, resize }: InputDerivation,
): Piece {
  const nodes: NodeProto[] = [];
  const constants: TensorProto[] = [];
  let last: string = DERIVED.images;
  const add = (
    op: string,
    others: readonly TensorProto[],
    attributes: Parameters<typeof makeNode>[3] = {},
  ): void => {
    const output = own(`${op}-${nodes.length}`);
    const inputs = others.map(({ name, dims }) => (dims?.length === 0 && !name ? '' : name!));
    constants.push(...others.filter(({ name }) => name));
    nodes.push(makeNode(op, [last, ...inputs], output, attributes));
    last = output;
  };
  const [height, width, depth] = images;
  add('Cast', [], { to: ELEMENT.float32 });
  if (depth !== input.shape[2]) {
    if (depth !== 1) throw mismatch(shown, input, images, channelsHint(input.shape));
    nodes.push(makeNode('Concat', new Array<string>(input.shape[2]).fill(last), own('grey'), { axis: 3 }));
    last = own('grey');
  }
  if (channels === 'bgr' && input.shape[2] === 3) {
    add('Gather', [makeTensor(own('reversed'), BigInt64Array.of(2n, 1n, 0n))], { axis: 3 });
  }
  if (normalization !== null) {
    const scale = Float32Array.from(normalization.std, (std) => 1 / std);
    const shift = Float32Array.from(normalization.mean, (mean, i) => -mean * scale[i % scale.length]!);
    add('Mul', [makeTensor(own('scale'), scale)]);
    const dims = shift.length === scale.length ? [shift.length] : [...input.shape];
    add('Add', [makeTensor(own('shift'), shift, dims)]);
  }
  add('Transpose', [], { perm: [0, 3, 1, 2] });
  if (height !== input.shape[0] || width !== input.shape[1]) {
    if (!resize) {
      throw mismatch(shown, input, images, 'give it images of its size, or have them resized: resize: true.');
    }
    const resized = resizeTo(last, [height, width], input.shape, opsetOf(model));
    nodes.push(...resized.nodes);
    constants.push(...resized.constants);
    last = own('resized');
  }
  if (input.layout === 'nhwc') add('Transpose', [], { perm: [0, 2, 3, 1] });
  nodes.push(makeNode('Cast', [last], input.name, { to: input.element }));
  return { nodes, constants };
}

/** Resizes [N, C, h, w] bilinearly, pixel centers at half integers; the batch size stays open. */
function resizeTo(
  from: string,
  [height, width]: readonly [number, number],
  [rows, columns]: readonly [number, number, number],
  opset: number,
): Piece {
  const output = own('resized');
  if (opset < 11) {
    // Older operators place pixel centers elsewhere, so it is written as two products: rows · image · columns.
    const down = makeTensor(own('rows'), interpolation(height, rows), [rows, height]);
    const across = makeTensor(own('columns'), transposed(interpolation(width, columns), columns), [
      width,
      columns,
    ]);
    const nodes = [
      makeNode('MatMul', [down.name!, from], own('resized-rows')),
      makeNode('MatMul', [own('resized-rows'), across.name!], output),
    ];
    return { nodes, constants: [down, across] };
  }
  // Factors instead of sizes, so that the batch size stays open.
  const factors = makeTensor(
    own('factors'),
    Float32Array.of(1, 1, factor(height, rows), factor(width, columns)),
  );
  // Until opset 12 the region of interest must be there, though only another mode reads it.
  const roi = opset < 13 ? [makeTensor(own('roi'), new Float32Array(0))] : [];
  const node = makeNode('Resize', [from, roi[0]?.name ?? '', factors.name!], output, {
    mode: 'linear',
    coordinate_transformation_mode: 'half_pixel',
  });
  return { nodes: [node], constants: [...roi, factors] };
}

/** The factor from one size to another, rounded so that the runtime, which rounds down, arrives at that size. */
function factor(from: number, to: number): number {
  const nearest = Math.fround(to / from);
  return Math.floor(Math.fround(nearest * from)) === to ? nearest : Math.fround((to / from) * (1 + 2 ** -23));
}

/** What to do about images of another number of channels. */
const channelsHint = ([height, width, channels]: readonly number[]): string =>
  channels === 1
    ? `give it gray images, of ${height}×${width} pixels or resized (resize: true): a folder of images has them with image-folder(path=…,channels=1).`
    : `give it a dataset whose images have ${channels} channels; files of images have 1 or 3.`;

const mismatch = (shown: string, input: ImageInput, images: readonly number[], hint: string): Error =>
  onnxError(`${shown}: the model takes images of another shape.`, {
    expected: input.shape.join('×'),
    received: images.join('×'),
    hint,
  });
