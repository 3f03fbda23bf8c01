import { mapTree, type FunctionSpec, type HostTensor, type TensorFunction, type Tree } from '@anc/core';
import type { GraphModel, GraphNodeDef, GraphWeight, SignatureEntry } from '@anc/formats';
import {
  closedBatch,
  isBatch,
  node,
  openSizes,
  type,
  typeOf,
  type Constant,
  type GraphNode,
  type Recorded,
} from './node.js';
import { recordFunction } from './record-function.js';

/** A version of TensorFlow's graphs that has all operations used here. */
const PRODUCER = 1_645;

/** Equal constants are merged up to this number of elements. */
const MERGED = 64;

/**
 * A function of tensors as a graph of TensorFlow's operations with frozen weights. Every input's first axis is the
 * batch, whose size stays open; bytes are taken as int32, as `tf.browser.fromPixels` returns them. Inputs, outputs and
 * `constants` keep their names.
 * @throws `ANC_EXPORT` if an operation cannot be expressed in such a graph, or the function uses the batch for anything
 * but an axis
 */
export function exportGraphModel(
  f: TensorFunction,
  spec: FunctionSpec,
  constants: Tree<HostTensor>,
): GraphModel {
  const recorded = recordFunction(f, spec, constants);
  const outputs = mapTree(recorded.outputs, (each, name) =>
    node('Identity', [each], each.shape, {}, { name }),
  );
  const writer = new Writer();
  const signature = {
    inputs: mapTree(recorded.inputs, (each) => writer.entry(each)),
    outputs: mapTree(outputs, (each) => writer.entry(each)),
  };
  const topology = { node: writer.nodes, versions: { producer: PRODUCER, minConsumer: 0 } };
  return { topology, signature, weights: writer.weights };
}

/** Writes nodes, each after its inputs. */
class Writer {
  readonly nodes: GraphNodeDef[] = [];
  readonly weights: GraphWeight[] = [];
  readonly #names = new Map<GraphNode | Constant, string>();
  readonly #merged = new Map<string, string>();
  readonly #taken = new Set<string>();

  entry(recorded: Recorded): SignatureEntry {
    const dim = openSizes(recorded.shape).map((size) => ({ size: String(size) }));
    return { name: `${this.#name(recorded)}:0`, dtype: typeOf(recorded.dtype), tensorShape: { dim } };
  }

  /** The name of a tensor's node, which is written after its inputs. */
  #name(recorded: Recorded): string {
    const stack = [recorded]; // not recursive, for deep networks
    for (let each = stack.at(-1); each !== undefined; each = stack.at(-1)) {
      const { source } = each;
      const missing = this.#names.has(source)
        ? []
        : inputsOf(source).filter((one) => !this.#names.has(one.source));
      if (missing.length > 0) {
        stack.push(...missing.reverse());
        continue;
      }
      stack.pop();
      if (this.#names.has(source)) continue;
      this.#names.set(source, source.kind === 'constant' ? this.#constant(each, source) : this.#node(source));
    }
    return this.#names.get(recorded.source)!;
  }

  #node(source: GraphNode): string {
    const input = source.inputs.map((each) => this.#names.get(each.source)!);
    const name = this.#free(source.name ?? source.op);
    this.nodes.push({
      name,
      op: source.op,
      ...(input.length === 0 ? {} : { input }),
      attr: source.attributes,
    });
    return name;
  }

  #constant({ shape, dtype }: Recorded, { values, name }: Constant): string {
    if (shape.some(isBatch) || (values.length <= MERGED && values.some(isBatch))) throw closedBatch();
    const key = name === null && values.length <= MERGED ? JSON.stringify([dtype, shape, [...values]]) : null;
    const known = key === null ? undefined : this.#merged.get(key);
    if (known !== undefined) return known;
    const own = this.#free(name ?? 'Const');
    if (key !== null) this.#merged.set(key, own);
    this.nodes.push({ name: own, op: 'Const', attr: { dtype: type(dtype) } });
    this.weights.push({ name: own, shape, dtype: dtype as GraphWeight['dtype'], values });
    return own;
  }

  /** A unique name. Colons are replaced: they would refer to an output of a node. */
  #free(wanted: string): string {
    const plain = wanted.replaceAll(':', '.');
    let name = plain;
    for (let i = 1; this.#taken.has(name); i++) name = `${plain}_${i}`;
    this.#taken.add(name);
    return name;
  }
}

const inputsOf = (source: GraphNode | Constant): readonly Recorded[] =>
  source.kind === 'node' ? source.inputs : [];
