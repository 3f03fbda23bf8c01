import { AncError, isAncError, type Context } from '@anc/core';
import type { OnnxGraph, OnnxNode } from '@anc/formats';
import type * as tf from '@tensorflow/tfjs-core';
import { Call, operatorError } from './values/call.js';
import { operators } from './operators/index.js';
import type { Variable } from './parameters.js';
import { dimsOf, known, laid, type Value } from './values/value.js';

/** A weighted node, as it is evaluated. */
export interface CountedNode {
  readonly node: OnnxNode;
  /** Sizes of its output in memory, with the batch. */
  readonly output: readonly number[];
  /** Of the whole batch. */
  readonly flops: number;
}

export interface Evaluation {
  readonly graph: OnnxGraph;
  readonly variables: readonly Variable[];
  /** The variables' tensors, by key. */
  tensor(variable: Variable): tf.Tensor;
  readonly context: Context;
  /** Values after which a function is called, by name; the graph goes on with its result. */
  readonly taps: ReadonlyMap<string, (value: Value) => Value>;
  counted?(node: CountedNode): void;
}

/** Throws `ANC_ONNX_OPERATOR` for the first node whose operator is not supported. */
export function assertSupported({ nodes, shown }: OnnxGraph): void {
  const isSupported = ({ op, domain }: OnnxNode): boolean => domain === '' && Object.hasOwn(operators, op);
  const unknown = nodes.filter((node) => !isSupported(node));
  const [first] = unknown;
  if (first === undefined) return;
  const kinds = [...new Set(unknown.map(({ op, domain }) => (domain === '' ? op : `${domain}.${op}`)))];
  const others = kinds.length === 1 ? '' : `; neither are ${kinds.slice(1, 6).join(', ')}`;
  throw operatorError(shown, first, `its operator is not among those that are supported${others}`);
}

/**
 * Computes a graph on an image batch. Shapes and what follows from them are computed on the host.
 *
 * @param image value of the graph's input
 * @returns the values of `outputs`, and the running averages that changed, by key
 */
export function evaluate(
  { graph, variables, tensor, context, taps, counted }: Evaluation,
  image: Value,
  outputs: readonly string[],
): { readonly values: readonly Value[]; readonly averages: Record<string, tf.Tensor> } {
  const averages: Record<string, tf.Tensor> = {};
  const byName = new Map(variables.map((variable) => [variable.constant, variable]));
  const values = new Map<string, Value>([[graph.input.name, image]]);
  const readers = readersOf(graph, outputs);
  const valueOf = (name: string): Value => {
    const found = values.get(name);
    if (found !== undefined) return found;
    const variable = byName.get(name);
    const constant = graph.constants.get(name);
    if (variable === undefined && constant === undefined) throw missing(graph, name);
    const value =
      variable === undefined
        ? known(constant!.data, constant!.dims, constant!.type)
        : laid(tensor(variable), variable.order);
    values.set(name, value);
    return value;
  };
  let flops = 0;
  const around = {
    shown: graph.shown,
    opset: graph.opset,
    context,
    batch: { now: dimsOf(image)[0]!, exported: graph.input.dims[0] ?? null },
    recordAverage: (name: string, value: tf.Tensor) => {
      const variable = byName.get(name);
      if (variable !== undefined) averages[variable.key] = value;
    },
    count: (more: number) => void (flops += more),
  };
  for (const node of graph.nodes) {
    flops = 0;
    const inputs = node.inputs.map((name) => (name === '' ? null : valueOf(name)));
    const call = new Call(node, inputs, around);
    const made = computed(call);
    node.outputs.forEach((name, i) => {
      const value = made[i];
      if (value === undefined || name === '') return;
      values.set(name, taps.get(name)?.(value) ?? value);
    });
    const [first] = made;
    if (counted && first?.kind === 'laid') counted({ node, output: first.x.shape, flops });
    for (const name of node.inputs) if (readers.release(name)) values.delete(name);
  }
  return { values: outputs.map(valueOf), averages };
}

function computed(call: Call): readonly Value[] {
  try {
    const made = operators[call.node.op]!(call);
    const all = 'kind' in made ? [made] : made;
    for (const value of all) call.bounded(dimsOf(value));
    return all;
  } catch (error) {
    if (isAncError(error) || !(error instanceof Error)) throw error;
    throw call.error(error.message.replace(/\.$/, ''));
  }
}

/** How often each value is still read, so that what is no longer needed can be freed. */
function readersOf({ nodes }: OnnxGraph, outputs: readonly string[]) {
  const left = new Map<string, number>();
  for (const name of [...nodes.flatMap(({ inputs }) => inputs), ...outputs])
    left.set(name, (left.get(name) ?? 0) + 1);
  return {
    release(name: string): boolean {
      const now = left.get(name)! - 1;
      left.set(name, now);
      return now === 0;
    },
  };
}

const missing = ({ shown }: OnnxGraph, name: string): AncError =>
  new AncError('ANC_ONNX', `${shown}: nothing computes the value "${name.slice(0, 80)}".`, {
    expected: 'a graph in which every value is computed before it is read',
    hint: 'check the file with onnx.checker, or export it again.',
  });
