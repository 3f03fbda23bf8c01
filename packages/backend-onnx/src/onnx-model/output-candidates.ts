import { GraphValues, beforeActivation, type EndActivation } from './graph-values.js';
import {
  dimsOf,
  ELEMENT,
  elementOf,
  graphOf,
  onnxError,
  type ModelProto,
  type ValueInfoProto,
} from './proto.js';

/** A tensor that may hold the logits of classes, or their probabilities. */
export interface OutputCandidate {
  /** The tensor's name. */
  readonly name: string;
  /** The model's output: another name where that is a sequence made of the tensor. */
  readonly output: string;
  /** Declared sizes; undefined if not even the rank is known. */
  readonly dims: readonly (number | null)[] | undefined;
  /** The tensor before a softmax or sigmoid. */
  readonly inner: string;
  readonly activation: EndActivation | null;
}

/** Operators that make sequences, of their inputs. */
const SEQUENCES = new Set([
  'ZipMap',
  'SequenceConstruct',
  'SequenceInsert',
  'SplitToSequence',
  'Identity',
  'Optional',
]);
const FLOATS: ReadonlySet<number> = new Set([ELEMENT.float32, ELEMENT.float16, ELEMENT.float64, 0]);

const isTensor = ({ type }: ValueInfoProto): boolean =>
  !type || (!type.sequenceType && !type.mapType && !type.optionalType);

/** The tensors among a model's outputs that may be logits, by element type and declared sizes. */
export function outputCandidates(model: ModelProto): OutputCandidate[] {
  const graph = graphOf(model);
  const values = new GraphValues(model);
  const declared = new Map([...graph.valueInfo, ...graph.output].map((value) => [value.name ?? '', value]));
  const tensors = graph.output.flatMap((output) => {
    const name = output.name ?? '';
    if (isTensor(output)) return FLOATS.has(elementOf(output)) ? [{ name, output: name }] : [];
    return tensorsBehind(values, name).map((tensor) => ({ name: tensor, output: name }));
  });
  const candidates = tensors.map(({ name, output }): OutputCandidate => {
    const value = declared.get(name);
    const { name: inner, activation } = beforeActivation(values, name);
    return {
      name,
      output,
      dims: value === undefined || !isTensor(value) ? undefined : dimsOf(value),
      inner,
      activation,
    };
  });
  return candidates.filter(
    ({ name, dims }, i) => mayBeRows(dims) && candidates.findIndex((other) => other.name === name) === i,
  );
}

/** The tensors that a sequence is made of, e.g. the input of a ZipMap. */
function tensorsBehind(values: GraphValues, sequence: string, depth = 0): string[] {
  const maker = values.makerOf(sequence);
  if (maker === undefined || depth > 100) return [];
  const [first = '', second = ''] = maker.input ?? [];
  switch (SEQUENCES.has(maker.opType ?? '') ? maker.opType : null) {
    case 'ZipMap':
    case 'SplitToSequence':
      return [first];
    case 'SequenceConstruct':
      return [...(maker.input ?? [])];
    case 'SequenceInsert':
      return [...tensorsBehind(values, first, depth + 1), second];
    case 'Identity':
    case 'Optional':
      return tensorsBehind(values, first, depth + 1);
    default:
      return [];
  }
}

/** Whether sizes may be [N, classes], axes of size 1 aside, and not one answer per pixel. Unknown ones may. */
function mayBeRows(dims: readonly (number | null)[] | undefined): boolean {
  if (dims === undefined || dims.length <= 2) return true;
  const inner = dims.slice(1);
  if (dims.length === 3) return inner.filter((size) => size !== 1).length < 2;
  return dims.length === 4 && inner.filter((size) => size !== null && size > 1).length < 2;
}

/** Whether measured sizes are one row of numbers for each of `count` images. */
export const areRows = (shape: readonly number[], count: number): boolean =>
  shape.length > 0 && shape[0] === count && shape.slice(1).filter((size) => size > 1).length < 2;

/**
 * The tensor that a name means: itself, or the one that a sequence of this name is made of.
 *
 * @throws `ANC_ONNX` if there is no such tensor, or a sequence is made of several
 */
export function requestedTensor(model: ModelProto, shown: string, name: string): string {
  const values = new GraphValues(model);
  const outputs = graphOf(model).output;
  const output = outputs.find((one) => one.name === name);
  const tensors = output === undefined || isTensor(output) ? [name] : tensorsBehind(values, name);
  if (tensors.length === 1 && values.has(tensors[0]!)) return tensors[0]!;
  throw onnxError(`${shown}: the graph has no tensor "${name}".`, {
    expected: `an output (${outputs.map((one) => one.name).join(', ')}) or the name of an inner tensor`,
    received: tensors.length > 1 ? `${name}, a sequence of ${tensors.join(', ')}` : name,
    hint: 'a viewer such as Netron shows the names.',
  });
}
