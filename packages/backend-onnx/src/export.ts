import {
  type ElementArray,
  type Graph,
  type Node,
  reachable,
  runPasses,
  titleOf,
  type Traced,
  traceFunction,
  traceTwice,
} from '@anc/compiler';
import {
  AncError,
  mapTree,
  type FunctionSpec,
  type HostTensor,
  type TensorFunction,
  type Tree,
} from '@anc/core';
import { serialize } from './serialize/serialize.js';

/** Options of `exportOnnx`. */
export interface ExportOptions {
  /** Frozen weights, written into the file. */
  readonly constants?: Tree<HostTensor>;
  /** Metadata properties of the model: classes, mean and std, provenance. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Description of the model, for the file's `doc_string`. */
  readonly description?: string;
  /** Name of the first axis, whose size stays open (dynamic); `null` keeps the sizes of the spec. */
  readonly batch?: string | null;
}

/** Stands for the batch size while tracing: large, and unlikely to be the size of anything else. */
const BATCH = 7_919;

/**
 * Exports a function of tensors as an ONNX model of standard operators, with named inputs and outputs and, by default,
 * an open batch. Every input's first axis is the batch.
 *
 * @throws `ANC_EXPORT` if the function does anything with the batch but keep it as its first axis, and all that
 *   compiling throws
 */
export function exportOnnx(f: TensorFunction, spec: FunctionSpec, options: ExportOptions = {}): Uint8Array {
  const { constants = {}, metadata = {}, description = '', batch = 'batch' } = options;
  const what = titleOf(spec);
  const shared = { metadata, description, allInputs: true } as const;
  if (batch === null) {
    const traced = traceTwice(what, () => traceFunction(f, spec, constants, { portable: true }));
    return serialize(traced.graph, runPasses(traced).outputs, shared);
  }
  const at = (size: number): Traced =>
    traceFunction(
      f,
      {
        id: spec.id,
        inputs: mapTree(spec.inputs, ({ shape, dtype }) => ({ shape: [size, ...shape.slice(1)], dtype })),
      },
      constants,
      { portable: true },
    );
  const traced = traceTwice(what, () => at(BATCH));
  assertOpen(what, traced, at(BATCH + 2));
  const optimized = { ...traced, outputs: runPasses(traced).outputs };
  return serialize(openBatch(optimized), optimized.outputs, {
    ...shared,
    dynamic: { size: BATCH, name: batch },
  });
}

/** Traces of two batch sizes may differ in the target shapes of Reshapes, and in nothing else that is serialized. */
function assertOpen(what: string, one: Traced, other: Traced): void {
  const [a, b] = [nodesOf(one), nodesOf(other)];
  const at = a.findIndex((node, i) => !equalButShapes(node, b[i]));
  if (a.length === b.length && at < 0) return;
  throw new AncError('ANC_EXPORT', `${what} cannot be exported with an open batch.`, {
    expected: 'the same operations and constants for every size of the batch',
    received: `another ${a[at]?.op ?? 'number of operations'}`,
    hint: 'export it with a fixed batch: batch: null.',
  });
}

const nodesOf = ({ graph, outputs }: Traced): Node[] =>
  reachable(
    graph,
    outputs.map(({ value }) => value),
  );

function equalButShapes(a: Node, b: Node | undefined): boolean {
  if (a.op !== b?.op || JSON.stringify(a.attributes) !== JSON.stringify(b.attributes)) return false;
  if (a.op === 'Reshape') return true;
  return a.inputs.every((input, i) => {
    const other = b.inputs[i];
    if (input?.source.kind !== 'constant') return true;
    return other?.source.kind === 'constant' && sameNumbers(input.source.data, other.source.data);
  });
}

const sameNumbers = (a: ElementArray, b: ElementArray): boolean =>
  a === b ||
  (a.length === b.length && a.every((value: number | bigint, i: number) => Object.is(value, b[i])));

/** Takes the batch size out of the target shapes of Reshapes: that axis is inferred (-1). */
function openBatch(traced: Traced): Graph {
  for (const node of nodesOf(traced)) {
    const shape = node.op === 'Reshape' ? node.inputs[1]! : null;
    if (shape?.source.kind !== 'constant') continue;
    const data = shape.source.data as BigInt64Array;
    const at = data.findIndex((size) => size > 0n && size % BigInt(BATCH) === 0n);
    if (at >= 0) data[at] = -1n;
  }
  return traced.graph;
}
