import { DERIVED, own, type Piece } from './derived-names.js';
import type { Head } from './head.js';
import {
  ELEMENT,
  encodeModel,
  graphOf,
  makeNode,
  makeTensor,
  makeValue,
  opsetOf,
  type NodeProto,
  type TensorProto,
} from './proto.js';
import { prune } from './prune.js';
import { takingImages, type InputDerivation } from './taking-images.js';

/** What the numbers of the chosen output are. One number per image is of two classes. */
export type OutputMeaning = 'logits' | 'probabilities' | 'binary-logit' | 'binary-probability';

export interface Derivation extends InputDerivation {
  readonly head: Head;
  /** The outputs to keep, in this order. */
  readonly classes: readonly number[] | null;
  readonly meaning: OutputMeaning;
  /** Whether the model drops the batch axis of one image: its numbers are the row. */
  readonly rowless: boolean;
}

/** Lower bound of probabilities, so that their logarithm is finite. */
const LEAST = 1e-12;
/** The same for a single unit, whose other class has what is left of 1: float32 rounds that to steps of 6e-8. */
const LEAST_OF_TWO = 1e-7;

/**
 * The same classifier with its preprocessing and outputs inside: bytes [B, H, W, C] in; `logits` [B, classes] and, if
 * there are any, `features` [B, d] out. Nodes that neither needs are left out.
 *
 * @throws `ANC_ONNX` if its input cannot be computed from such images
 */
export function derive(bytes: Uint8Array, shown: string, derivation: Derivation): Uint8Array {
  const model = takingImages(bytes, shown, derivation);
  const graph = graphOf(model);
  const after = outputs(derivation, opsetOf(model));
  graph.node = [...graph.node, ...after.nodes];
  graph.initializer = [...graph.initializer, ...after.constants];
  graph.output = after.names.map((name) => makeValue(name, ELEMENT.float32));
  prune(model);
  return encodeModel(model);
}

function outputs(
  { head, classes, meaning, rowless }: Derivation,
  opset: number,
): Piece & { readonly names: string[] } {
  const constants: TensorProto[] = [];
  const flat = (name: string, output: string): NodeProto[] => [
    makeNode('Cast', [name], `${output}-float`, { to: ELEMENT.float32 }),
    ...(rowless
      ? [makeNode('Reshape', [`${output}-float`, own('one-row')], output)]
      : [makeNode('Flatten', [`${output}-float`], output, { axis: 1 })]),
  ];
  if (rowless) constants.push(makeTensor(own('one-row'), BigInt64Array.of(1n, -1n)));
  const steps: [op: string, constant: TensorProto | null, attributes: Record<string, number>][] = [];
  if (meaning === 'binary-logit') {
    steps.push(['Mul', makeTensor(own('two'), Float32Array.of(0, 1), [1, 2]), {}]); // z -> 0, z
  }
  if (meaning === 'binary-probability') {
    // p -> 1 - p, p
    steps.push(['Mul', makeTensor(own('signs'), Float32Array.of(-1, 1), [1, 2]), {}]);
    steps.push(['Add', makeTensor(own('other'), Float32Array.of(1, 0), [1, 2]), {}]);
  }
  if (meaning === 'probabilities' || meaning === 'binary-probability') {
    const least = meaning === 'probabilities' ? LEAST : LEAST_OF_TWO;
    const bound = opset < 8 ? 'Add' : 'Max'; // until opset 7 Max takes equal shapes only
    steps.push([bound, makeTensor(own('least'), Float32Array.of(least), []), {}], ['Log', null, {}]);
  }
  if (classes !== null) {
    steps.push(['Gather', makeTensor(own('classes'), BigInt64Array.from(classes, BigInt)), { axis: 1 }]);
  }
  const nodes = flat(head.logits, steps.length === 0 ? DERIVED.logits : own('all'));
  let last = own('all');
  for (const [i, [op, constant, attributes]] of steps.entries()) {
    const name = steps.findIndex(([other]) => other === op) === i ? op : `again-${op}`;
    const output = i === steps.length - 1 ? DERIVED.logits : own(name);
    nodes.push(makeNode(op, constant === null ? [last] : [last, constant.name!], output, attributes));
    if (constant !== null) constants.push(constant);
    last = output;
  }
  if (head.features === null) return { nodes, constants, names: [DERIVED.logits] };
  nodes.push(...flat(head.features, DERIVED.features));
  return { nodes, constants, names: [DERIVED.logits, DERIVED.features] };
}
